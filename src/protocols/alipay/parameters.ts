/**
 * Parameter sets of gateway requests, notifications and return URLs: names with decoded values.
 * A Map, so that no name (`__proto__`) is special and none can be there twice.
 */
export type Parameters = ReadonlyMap<string, string>;

export interface DecodedForm {
  readonly parameters: Parameters;
  /** First name that came with two values; such a set has no one meaning and is never trusted. */
  readonly duplicate?: string;
}

const MAX_PARAMETERS = 200;

/** Decodes form-urlencoded texts (query, body) into one set, as the gateway does first. */
export function decodeForms(...texts: readonly string[]): DecodedForm {
  const parameters = new Map<string, string>();
  let duplicate: string | undefined;
  for (const text of texts) {
    for (const [name, value] of new URLSearchParams(text)) {
      // Some SDKs repeat `charset` in the query and in the form: the same value is no harm.
      const known = parameters.get(name);
      if (known !== undefined && known !== value) duplicate ??= name;
      else if (parameters.size < MAX_PARAMETERS) parameters.set(name, value);
    }
  }
  return duplicate === undefined ? { parameters } : { parameters, duplicate };
}

export function encodeForm(parameters: Parameters): string {
  let text = '';
  for (const [name, value] of parameters) {
    text += `${text === '' ? '' : '&'}${encodeURIComponent(name)}=${encodeURIComponent(value)}`;
  }
  return text;
}

interface TextRule {
  /** Names that are not part of the text. */
  readonly without: readonly string[];
  readonly keep_empty?: boolean;
}

/** `a=1&b=2` over decoded values, names in order: what a signature over parameters covers. */
export function canonicalText(parameters: Parameters, rule: TextRule): string {
  const names: string[] = [];
  for (const [name, value] of parameters) {
    if (rule.without.includes(name)) continue;
    if (value === '' && rule.keep_empty !== true) continue;
    names.push(name);
  }
  return names
    .sort()
    .map((name) => `${name}=${parameters.get(name) ?? ''}`)
    .join('&');
}
