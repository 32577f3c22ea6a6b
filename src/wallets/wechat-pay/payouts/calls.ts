import type { WalletCall } from '../../calls.ts';

/** Transfers to persons, and the standing consents to them. */
const GROUP = 'Transfers to persons';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';
export const BILLS = '/v3/fund-app/mch-transfer/transfer-bills';
export const BY_REFERENCE = `${BILLS}/out-bill-no/{out_bill_no}`;

export const CONSENTS = '/v3/fund-app/mch-transfer/user-confirm-authorization';
export const CONSENT = `${CONSENTS}/out-authorization-no/{out_authorization_no}`;

export const DEFAULT_SCENE = '1000';
/** Refused at the door: nothing can have come of it. */
export const NOTHING_MADE: ReadonlySet<string> = new Set([
  'PARAM_ERROR',
  'SIGN_ERROR',
  'NO_AUTH',
  'APPID_MCHID_NOT_MATCH',
  'FREQUENCY_LIMITED',
  'MCH_NOT_EXISTS',
]);

export const PAYOUT_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${BILLS}`,
    group: GROUP,
    doc: `${DOC}/4012716434`,
    per_second: 100,
    repeatable: false,
  },
  {
    operation: `POST ${BILLS}/transfer`,
    group: GROUP,
    doc: `${DOC}/4014399371`,
    per_second: 100,
    repeatable: false,
  },
  {
    operation: `POST ${BILLS}/pre-transfer-with-authorization`,
    group: GROUP,
    doc: `${DOC}/4014399293`,
    per_second: 100,
    repeatable: false,
  },
  { operation: `GET ${BY_REFERENCE}`, group: GROUP, doc: `${DOC}/4012716437`, repeatable: true },
  {
    operation: `POST ${BY_REFERENCE}/cancel`,
    group: GROUP,
    doc: `${DOC}/4012716458`,
    per_second: 20,
    repeatable: true,
  },
  {
    operation: `POST ${CONSENTS}`,
    group: GROUP,
    doc: `${DOC}/4015901167`,
    per_second: 50,
    repeatable: false,
  },
  {
    operation: `GET ${CONSENT}`,
    group: GROUP,
    doc: `${DOC}/4014399423`,
    per_second: 100,
    repeatable: true,
  },
  {
    operation: `POST ${CONSENT}/close`,
    group: GROUP,
    doc: `${DOC}/4015653811`,
    per_second: 50,
    repeatable: true,
  },
];
