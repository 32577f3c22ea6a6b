import { isIP } from 'node:net';

const RANDOM_FIELDS = /^(?:.*sign(?:ature)?|nonce.*|timestamp|duration_ms|trace|openlink)$/i;

/** What was said, without signatures, nonces, real time and ports: equal where the meaning is. */
export function plain(value: unknown): string {
  const text = JSON.stringify(value, (name, each: unknown) => {
    if (typeof each === 'bigint') return each.toString();
    if (RANDOM_FIELDS.test(name)) return undefined;
    return typeof each === 'string' ? unsigned(each) : each;
  });
  return text ?? 'nothing';
}

/** Addresses without ports, and without what is signed or stamped at each call. */
function unsigned(text: string): string {
  if (!URL.canParse(text) || !text.startsWith('http')) {
    return text.includes('sign=') ? masked(new URLSearchParams(text)) : text;
  }
  const url = new URL(text);
  if (isIP(url.hostname)) url.port = '';
  return `${url.origin}${url.pathname}?${masked(url.searchParams)}`;
}

function masked(query: URLSearchParams): string {
  for (const name of ['sign', 'timestamp', 'redirect_url']) query.delete(name);
  for (const [name, value] of query) if (/url/.test(name)) query.set(name, unsigned(value));
  return query.toString();
}
