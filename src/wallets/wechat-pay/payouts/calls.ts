import type { WalletCall } from '../../calls.ts';

/** Transfers to persons. */
const GROUP = 'Transfers to persons';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';
export const BILLS = '/v3/fund-app/mch-transfer/transfer-bills';
export const BY_REFERENCE = `${BILLS}/out-bill-no/{out_bill_no}`;

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
  { operation: `GET ${BY_REFERENCE}`, group: GROUP, doc: `${DOC}/4012716437`, repeatable: true },
  {
    operation: `POST ${BY_REFERENCE}/cancel`,
    group: GROUP,
    doc: `${DOC}/4012716458`,
    per_second: 20,
    repeatable: true,
  },
];
