/** Wire content for the timeline: persons and secrets are hidden, size is bounded. */
const HIDDEN: readonly string[] = ['openid', 'payer_client_ip', 'user_received_account'];
const MAX_TEXT = 512;
const MAX_FIELDS = 40;
const MAX_DEPTH = 5;

export function masked(value: object, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_FIELDS)
      .map(([name, entry]) => [name, HIDDEN.includes(name) ? '…' : shown(entry, depth + 1)]),
  );
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.slice(0, MAX_FIELDS).map((item) => shown(item, depth + 1));
  return masked(value, depth);
}
