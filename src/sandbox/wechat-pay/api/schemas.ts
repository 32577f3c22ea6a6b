import type { Field } from './fields.ts';

/** What the rules of bodies have in common. */
export const MAX_FEN = 100_000_000_00;
export const URL_WITHOUT_QUERY = /^https?:\/\/[^\s?#@]+$/;

export function text(
  label: string,
  max: number,
  more: { required?: boolean; pattern?: RegExp } = {},
): Field {
  return { type: 'string', label, max, ...more };
}
