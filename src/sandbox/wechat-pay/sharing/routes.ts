import type { Route } from '../api/route.ts';
import {
  createReturn,
  createSplit,
  merchantConfig,
  queryReturn,
  querySplit,
  release,
  unsplitAmount,
} from './ordinary.ts';
import { addReceiver, deleteReceiver } from './receivers.ts';

/** Profit sharing of direct merchants and partners. */
const DOC = 'https://pay.weixin.qq.com/doc/v3/partner';
const GROUP = 'Profit sharing';
const SHARING = '/v3/profitsharing';

export const SHARING_ROUTES: readonly Route[] = [
  {
    call: `POST ${SHARING}/receivers/add`,
    group: GROUP,
    doc: `${DOC}/4012690944`,
    operation: 'sharing.receiver.add',
    run: addReceiver,
  },
  {
    call: `POST ${SHARING}/receivers/delete`,
    group: GROUP,
    doc: `${DOC}/4012466868`,
    differs: 'A receiver that is not on the list is deleted without complaint.',
    operation: 'sharing.receiver.delete',
    run: (context, merchant, { body }) => deleteReceiver(context, merchant, body),
  },
  {
    call: `POST ${SHARING}/orders`,
    group: GROUP,
    doc: `${DOC}/4012690683`,
    differs: 'notify_url is taken and not used: what it would be told is not published.',
    operation: 'sharing.split',
    per_second: 300,
    run: createSplit,
  },
  {
    call: `POST ${SHARING}/orders/unfreeze`,
    group: GROUP,
    doc: `${DOC}/4012466860`,
    operation: 'sharing.release',
    per_second: 300,
    run: (context, merchant, { body }) => release(context, merchant, body),
  },
  {
    call: `GET ${SHARING}/orders/{out_order_no}`,
    group: GROUP,
    doc: `${DOC}/4012466850`,
    operation: 'sharing.query',
    per_second: 500,
    run: querySplit,
  },
  {
    call: `POST ${SHARING}/return-orders`,
    group: GROUP,
    doc: `${DOC}/4012466854`,
    differs:
      'Every merchant has agreed to returns; what comes back to a payment still open to splits is held again.',
    operation: 'sharing.return',
    per_second: 100,
    run: (context, merchant, { body }) => createReturn(context, merchant, body),
  },
  {
    call: `GET ${SHARING}/return-orders/{out_return_no}`,
    group: GROUP,
    doc: `${DOC}/4012466858`,
    operation: 'sharing.return.query',
    per_second: 500,
    run: queryReturn,
  },
  {
    call: `GET ${SHARING}/transactions/{transaction_id}/amounts`,
    group: GROUP,
    doc: `${DOC}/4012457927`,
    operation: 'sharing.amounts',
    run: (context, merchant, { parameters }) =>
      unsplitAmount(context, merchant, parameters.transaction_id ?? ''),
  },
  {
    call: `GET ${SHARING}/merchant-configs/{sub_mchid}`,
    group: GROUP,
    doc: `${DOC}/4012466864`,
    operation: 'sharing.config',
    run: (context, merchant, { parameters }) =>
      merchantConfig(context, merchant, parameters.sub_mchid ?? ''),
  },
];
