import { createHash } from 'node:crypto';

/** One HTTP answer. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** HTML of the sandboxes' own pages. Values are escaped here and nowhere else. */
export const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}

/** Markup that is already safe. */
export interface Html {
  readonly html: string;
}

/** Template of markup: strings are escaped, `Html` and lists of it are taken as they are. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html {
  let text = parts[0] ?? '';
  values.forEach((value, index) => {
    if (typeof value === 'string') text += escapeHtml(value);
    else if ('html' in value) text += value.html;
    else text += value.map((entry) => entry.html).join('');
    text += parts[index + 1] ?? '';
  });
  return { html: text };
}

export type Language = 'zh' | 'en';

export function languageOf(accept: string | undefined): Language {
  return /^\s*en\b/i.test(accept ?? '') ? 'en' : 'zh';
}

/** How a wallet's own pages look. */
export interface Brand {
  readonly title: Readonly<Record<Language, string>>;
  /** The wallet's colour: of text on light and on dark paper, and of the main button. */
  readonly colours: { readonly light: string; readonly dark: string; readonly button: string };
  /** Set where no form is answered by a redirect to the merchant, which browsers would stop. */
  readonly forms_stay?: boolean;
}

const styleOf = ({ light, dark, button }: Brand['colours']) => `
:root{color-scheme:light dark;--ink:#1f2328;--paper:#fbf9f5;--line:#d9d4ca;--brand:${light}}
@media(prefers-color-scheme:dark){:root{--ink:#eceae6;--paper:#1d1e20;--line:#44464a;--brand:${dark}}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:26rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.15rem}.price{font-size:2rem;font-variant-numeric:tabular-nums;margin:.25rem 0}
.badge{color:var(--brand);font-weight:600}.muted{opacity:.8}
form{margin:.5rem 0}button,a.button{display:block;box-sizing:border-box;width:100%;min-height:44px;
padding:.6rem;border:1px solid var(--line);border-radius:8px;background:transparent;color:inherit;
font:inherit;text-align:center;text-decoration:none;cursor:pointer}
button.main{background:${button};border-color:${button};color:#fff}
svg.code{display:block;width:220px;height:220px;margin:1rem auto;background:#fff}
pre{white-space:pre-wrap;word-break:break-all;border:1px solid var(--line);padding:.75rem}
`;

export interface Page {
  readonly title: string;
  readonly language: Language;
  readonly main: Html;
  readonly status?: number;
  /** Path of a script of ours. */
  readonly script?: string;
  /** Attributes for the script, e.g. where to ask. */
  readonly data?: Readonly<Record<string, string>>;
  /** Pages of the in-app pay sheet are shown inside the merchant's page. */
  readonly framed?: boolean;
  /** Where the forms of this page may go besides here: the merchant's own page. */
  readonly forms_to?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function policyOf(page: Page, styleHash: string, formsStay: boolean): string {
  const rules = [
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    `style-src 'sha256-${styleHash}'`,
    "base-uri 'none'",
  ];
  if (formsStay) rules.push(`form-action ${["'self'", page.forms_to ?? ''].join(' ').trim()}`);
  if (page.framed !== true) rules.push("frame-ancestors 'none'");
  return rules.join('; ');
}

/** The pages of one wallet: any page, and one that only says something. */
export function pagesOf({ title, colours, forms_stay = false }: Brand) {
  const style = styleOf(colours);
  const styleHash = createHash('sha256').update(style).digest('base64');

  function page(page: Page): Reply {
    const data = Object.entries(page.data ?? {}).map(
      ([name, value]) => html` data-${name}="${value}"`,
    );
    const script =
      page.script === undefined ? html`` : html`<script src="${page.script}" defer></script>`;
    const document = html`<!doctype html>
<html lang="${page.language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title><style>${{ html: style }}</style>${script}</head>
<body${data}><main>${page.main}</main></body></html>`;
    return {
      status: page.status ?? 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        // Not `no-referrer`: browsers would then send `Origin: null` with our own forms.
        'referrer-policy': 'same-origin',
        'content-security-policy': policyOf(page, styleHash, forms_stay),
        ...page.headers,
      },
      body: document.html,
    };
  }

  function messagePage(language: Language, message: string, status = 200): Reply {
    const main = html`<p class="badge">${title[language]}</p><h1>${message}</h1>`;
    return page({ title: title[language], language, main, status });
  }

  return { page, messagePage };
}
