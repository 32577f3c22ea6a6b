/**
 * PostgreSQL stores neither U+0000 nor half of a surrogate pair. Our own callers are refused them
 * at the door; what a wallet says is a fact and is kept, with U+FFFD in their place.
 */
const ESCAPE = /\\(?:u(0000|d[89a-f][0-9a-f]{2})|.)/g;

/** JSON for a column: amounts as texts, and whatever a wallet said in a form that can be stored. */
export function columnJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'bigint' ? each.toString() : each,
  );
  return storableJson(text);
}

/** JSON text as `JSON.stringify` makes it, which escapes both. */
export function storableJson(json: string): string {
  if (!json.includes('\\u')) return json;
  return json.replace(ESCAPE, (found: string, unstorable?: string) =>
    unstorable === undefined ? found : '\ufffd',
  );
}

export function storableText(text: string): string {
  // UTF-8 has no form for half a pair: the encoder writes U+FFFD.
  return Buffer.from(text, 'utf8').toString('utf8').replaceAll('\u0000', '\ufffd');
}
