const MAX_LENGTH = 500;

/**
 * What an error says, short enough to keep and in a form that PostgreSQL takes: no NUL, and no half
 * of a surrogate pair, which cutting a text can leave.
 */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return Buffer.from(text.slice(0, MAX_LENGTH)).toString('utf8').replaceAll('\u0000', '');
}
