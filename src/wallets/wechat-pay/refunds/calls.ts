import type { WalletCall } from '../../calls.ts';

/** Refunds, also abnormal ones; a platform's own are with its other calls. */
const GROUP = 'Refunds';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';
export const REFUNDS = '/v3/refund/domestic/refunds';
export const ABNORMAL = '{refund_id}/apply-abnormal-refund';
export const PLATFORM_REFUNDS = '/v3/ecommerce/refunds';

export const REFUND_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${REFUNDS}`,
    group: GROUP,
    doc: `${DOC}/4012791862`,
    per_second: 150,
    repeatable: false,
  },
  {
    operation: `GET ${REFUNDS}/{out_refund_no}`,
    group: GROUP,
    doc: `${DOC}/4012791863`,
    per_second: 300,
    repeatable: true,
  },
  {
    operation: `POST ${REFUNDS}/${ABNORMAL}`,
    group: GROUP,
    doc: `${DOC}/4013071193`,
    repeatable: false,
  },
  {
    operation: `POST ${PLATFORM_REFUNDS}/${ABNORMAL}`,
    group: 'Ecommerce refunds',
    doc: 'https://pay.weixin.qq.com/doc/v3/partner/4015181616',
    repeatable: false,
  },
];
