import type { Route } from '../api/route.ts';
import { createRefund, queryRefund } from './refunds.ts';

/** Refunds of ordinary and partner orders. */
const GROUP = 'Refunds';
const REFUNDS = '/v3/refund/domestic/refunds';

export const REFUND_ROUTES: readonly Route[] = [
  {
    call: `POST ${REFUNDS}`,
    group: GROUP,
    doc: 'https://pay.weixin.qq.com/doc/v3/merchant/4012791862',
    operation: 'refund',
    run: (context, merchant, { body }) => createRefund(context, merchant, body),
  },
  {
    call: `GET ${REFUNDS}/{out_refund_no}`,
    group: GROUP,
    doc: 'https://pay.weixin.qq.com/doc/v3/merchant/4012791863',
    operation: 'refund.query',
    run: (context, merchant, { parameters }) =>
      queryRefund(context, merchant, parameters.out_refund_no ?? ''),
  },
];
