import type { Route } from '../api/route.ts';
import { applyAbnormalRefund } from './abnormal.ts';
import { createRefund, querySellerRefund } from './refunds.ts';

/** Refunds of ordinary and partner orders. */
const GROUP = 'Refunds';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';
const REFUNDS = '/v3/refund/domestic/refunds';

export const REFUND_ROUTES: readonly Route[] = [
  {
    call: `POST ${REFUNDS}`,
    group: GROUP,
    doc: `${DOC}/4012791862`,
    operation: 'refund',
    per_second: 150,
    differs:
      'Refunds arrive at once unless the sandbox is told to delay them; the minute between two refunds of one order is kept only where rates are.',
    run: (context, merchant, { body }) => createRefund(context, merchant, body),
  },
  {
    call: `GET ${REFUNDS}/{out_refund_no}`,
    group: GROUP,
    doc: `${DOC}/4012791863`,
    operation: 'refund.query',
    per_second: 300,
    run: (context, merchant, { parameters, query }) =>
      querySellerRefund(context, merchant, {
        out_refund_no: parameters.out_refund_no ?? '',
        sub_mchid: query.get('sub_mchid') ?? undefined,
      }),
  },
  {
    call: `POST ${REFUNDS}/{refund_id}/apply-abnormal-refund`,
    group: GROUP,
    doc: `${DOC}/4015071459`,
    operation: 'refund.abnormal',
    differs: 'Any bank that issues debit cards is taken, and no name is compared with the payer’s.',
    run: (context, merchant, { parameters, body, open }) =>
      applyAbnormalRefund(context, merchant, {
        refund_id: parameters.refund_id ?? '',
        body,
        open,
      }),
  },
];
