/** Wire content for the timeline: personal data and secrets masked, size bounded. */
const HIDDEN = new Set([
  'openid',
  'sub_openid',
  'sp_openid',
  'auth_code',
  'sign',
  'user_name',
  'user_display_name',
  'encrypted_name',
  'receiver_name',
  'account_name',
  'account_number',
  'bank_account',
  'real_name',
  'contact_email',
  'contact_id_card_number',
  'contact_id_number',
  'contact_name',
  'id_card_name',
  'id_card_number',
  'legal_person',
  'mobile_phone',
  'service_phone',
  'payer_client_ip',
  'user_received_account',
  'paySign',
  'truncated_sign_message',
  'ciphertext',
]);
const MAX_TEXT = 512;
const MAX_DEPTH = 6;
const MAX_ITEMS = 50;

/** A person's id names the person under whatever field it stands: receivers of splits. */
const OPENID = /^o[0-9A-Za-z_-]{27}$/;

export function maskWire(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return OPENID.test(value) ? hide(value) : value.slice(0, MAX_TEXT);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value))
    return value.slice(0, MAX_ITEMS).map((item) => maskWire(item, depth + 1));
  return maskObject(value, depth);
}

/** The same for an object, which stays an object. */
export function maskObject(value: object, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ITEMS)
      .map(([name, entry]) => [name, HIDDEN.has(name) ? hide(entry) : maskWire(entry, depth + 1)]),
  );
}

/** The first characters tell two payers apart; the rest, most of it, stays here. */
function hide(value: unknown): string {
  if (typeof value !== 'string') return '…';
  return `${value.slice(0, Math.min(4, Math.floor(value.length / 3)))}…`;
}
