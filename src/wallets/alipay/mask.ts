/** What the timeline may show: persons' data is cut, secrets are out, size is bounded. */
const PERSONAL: ReadonlySet<string> = new Set([
  'buyer_id',
  'buyer_user_id',
  'buyer_open_id',
  'buyer_logon_id',
  'user_id',
  'open_id',
  'identity',
  'account',
  'account_no',
  'account_holder_name',
  'cert_no',
  'cert_name',
  'default_settle_target',
  'legal_name',
  'legal_cert_no',
  'id_card_no',
  'mobile',
  'phone',
  'email',
  'trans_in_name',
]);
/** Persons, whole. */
const PERSONS: ReadonlySet<string> = new Set(['payee_info', 'payer_info', 'contact_infos']);
const SECRET: ReadonlySet<string> = new Set([
  'sign',
  'access_token',
  'refresh_token',
  'auth_code',
  'app_auth_token',
  'app_refresh_token',
]);
const MAX_TEXT = 2000;
const MAX_FIELDS = 60;
const MAX_LIST = 20;
const MAX_DEPTH = 5;

function cut(value: string): string {
  return value.length <= 8 ? '****' : `${value.slice(0, 4)}****${value.slice(-4)}`;
}

function shownValue(name: string, value: unknown, depth: number): unknown {
  if (PERSONS.has(name)) return '****';
  if (typeof value === 'string') {
    return PERSONAL.has(name) ? cut(value) : value.slice(0, MAX_TEXT);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) {
    return value.slice(0, MAX_LIST).map((entry) => shownValue(name, entry, depth + 1));
  }
  return shownFields(value, depth + 1);
}

function shownFields(fields: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields).slice(0, MAX_FIELDS)) {
    if (!SECRET.has(name)) shown[name] = shownValue(name, value, depth);
  }
  return shown;
}

export function masked(
  fields: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return shownFields(fields, 0);
}
