import { Refusal } from '../errors.ts';

const MAX_DEPTH = 24;

/**
 * JSON text with the keys of every object in one order, so that two spellings of the same body have
 * the same digest. @throws Refusal('invalid_json') beyond 24 levels of nesting.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) {
    throw new Refusal('invalid_json', {
      message: `the body nests deeper than ${MAX_DEPTH} levels`,
    });
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) {
    return `[${value.map((entry: unknown) => canonicalJson(entry, depth + 1)).join(',')}]`;
  }
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => `${JSON.stringify(name)}:${canonicalJson(entry, depth + 1)}`);
  return `{${members.join(',')}}`;
}

/** JSON text in which a `bigint` is a JSON integer. @throws RangeError beyond 2^53 - 1. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== 'bigint') return member;
    if (member > BigInt(Number.MAX_SAFE_INTEGER) || member < BigInt(Number.MIN_SAFE_INTEGER)) {
      throw new RangeError('an amount is beyond what a JSON integer holds');
    }
    return Number.parseInt(member.toString(), 10);
  });
}
