/** What the timeline may show: persons' ids are cut, secrets are out, size is bounded. */
const PERSONAL: readonly string[] = [
  'buyer_id',
  'buyer_user_id',
  'buyer_open_id',
  'buyer_logon_id',
  'user_id',
  'open_id',
];
const SECRET: readonly string[] = ['sign', 'access_token', 'refresh_token', 'auth_code'];
const MAX_TEXT = 2000;
const MAX_FIELDS = 60;

function cut(value: string): string {
  return value.length <= 8 ? '****' : `${value.slice(0, 4)}****${value.slice(-4)}`;
}

export function masked(
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields).slice(0, MAX_FIELDS)) {
    if (SECRET.includes(name)) continue;
    if (name === 'payee_info') shown[name] = '****';
    else if (typeof value !== 'string') shown[name] = value;
    else shown[name] = PERSONAL.includes(name) ? cut(value) : value.slice(0, MAX_TEXT);
  }
  return shown;
}
