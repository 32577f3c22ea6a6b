/** The two languages of every page, and how a reader's choice is found. */
export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export const LANGUAGE_COOKIE = 'lang';
const MAX_ACCEPTED = 20;

/** The `lang` attribute of a page. */
export function languageTag(language: Language): 'zh-CN' | 'en' {
  return language === 'zh' ? 'zh-CN' : 'en';
}

export function isLanguage(text: string | undefined): text is Language {
  return text === 'zh' || text === 'en';
}

/**
 * `?lang=` wins, then the cookie it left, then `Accept-Language` by weight; Chinese when nothing
 * is asked for, because the wallets are.
 */
export function negotiateLanguage(asked: {
  query: string | undefined;
  cookie: string | undefined;
  accept: string | undefined;
}): Language {
  if (isLanguage(asked.query)) return asked.query;
  if (isLanguage(asked.cookie)) return asked.cookie;
  const ranked = (asked.accept ?? '')
    .split(',', MAX_ACCEPTED)
    .map((part) => {
      const [tag = '', weight = ''] = part.trim().toLowerCase().split(';');
      const q = /^\s*q=(0(?:\.\d{1,3})?|1(?:\.0{1,3})?)\s*$/.exec(weight)?.[1];
      return { tag: tag.slice(0, 2), weight: q === undefined ? 1 : Number(q) };
    })
    .filter((entry) => entry.weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return ranked.map((entry) => entry.tag).find(isLanguage) ?? 'zh';
}

/** One dictionary: both languages, the same keys. */
export type Words<Key extends string> = Readonly<Record<Language, Readonly<Record<Key, string>>>>;

export type Say<Key extends string> = (
  key: Key,
  values?: Readonly<Record<string, string | number>>,
) => string;

/** `say('pay_with', { wallet: '微信支付' })` fills `{wallet}` in the dictionary's text. */
export function sayer<Key extends string>(words: Words<Key>, language: Language): Say<Key> {
  return (key, values = {}) =>
    words[language][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
      String(values[name] ?? whole),
    );
}
