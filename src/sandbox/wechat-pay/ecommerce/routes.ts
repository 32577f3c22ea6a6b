import type { Route } from '../api/route.ts';
import { createAfterSales, queryAdvance, queryAfterSales, returnAdvance } from './advances.ts';
import { FUND_ROUTES } from './fund-routes.ts';
import { applyRefund, queryPlatformRefund } from './refunds.ts';
import {
  addPlatformReceiver,
  createPlatformReturn,
  createPlatformSplit,
  deletePlatformReceiver,
  finishOrder,
  platformUnsplitAmount,
  queryPlatformReturn,
  queryPlatformSplit,
} from './splits.ts';
import { cancelSubsidy, createSubsidy, returnSubsidy } from './subsidies.ts';

/** A platform's calls about the money of its sellers (电商收付通). */
const DOC = 'https://pay.weixin.qq.com/doc/v3/partner';
const PLATFORM = '/v3/ecommerce';

const SPLITS: readonly Route[] = [
  {
    call: `POST ${PLATFORM}/profitsharing/orders`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012691594`,
    operation: 'ecommerce.split',
    per_second: 2000,
    run: createPlatformSplit,
  },
  {
    call: `GET ${PLATFORM}/profitsharing/orders`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012477734`,
    operation: 'ecommerce.split.query',
    run: (context, merchant, { query }) => queryPlatformSplit(context, merchant, query),
  },
  {
    call: `POST ${PLATFORM}/profitsharing/finish-order`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012477745`,
    operation: 'ecommerce.release',
    run: (context, merchant, { body }) => finishOrder(context, merchant, body),
  },
  {
    call: `POST ${PLATFORM}/profitsharing/returnorders`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012477737`,
    differs: 'Every merchant has agreed to returns.',
    operation: 'ecommerce.return',
    run: (context, merchant, { body }) => createPlatformReturn(context, merchant, body),
  },
  {
    call: `GET ${PLATFORM}/profitsharing/returnorders`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012477740`,
    operation: 'ecommerce.return.query',
    run: (context, merchant, { query }) => queryPlatformReturn(context, merchant, query),
  },
  {
    call: `GET ${PLATFORM}/profitsharing/orders/{transaction_id}/amounts`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012477751`,
    operation: 'ecommerce.amounts',
    run: (context, merchant, { parameters }) =>
      platformUnsplitAmount(context, merchant, parameters.transaction_id ?? ''),
  },
  {
    call: `POST ${PLATFORM}/profitsharing/receivers/add`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012477758`,
    differs: 'The platform itself must be added before it receives.',
    operation: 'ecommerce.receiver.add',
    run: addPlatformReceiver,
  },
  {
    call: `POST ${PLATFORM}/profitsharing/receivers/delete`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012477759`,
    operation: 'ecommerce.receiver.delete',
    run: (context, merchant, { body }) => deletePlatformReceiver(context, merchant, body),
  },
  {
    call: `POST ${PLATFORM}/profitsharing/after-sales-orders`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012087888`,
    differs: 'Done at once; it never fails later.',
    operation: 'ecommerce.after_sales',
    run: (context, merchant, { body }) => createAfterSales(context, merchant, body),
  },
  {
    call: `GET ${PLATFORM}/profitsharing/after-sales-orders`,
    group: 'Ecommerce splits',
    doc: `${DOC}/4012087888`,
    operation: 'ecommerce.after_sales.query',
    run: (context, merchant, { query }) => queryAfterSales(context, merchant, query),
  },
];

const SUBSIDIES: readonly Route[] = [
  {
    call: `POST ${PLATFORM}/subsidies/create`,
    group: 'Ecommerce subsidies',
    doc: `${DOC}/4012477631`,
    operation: 'ecommerce.subsidy',
    run: (context, merchant, { body }) => createSubsidy(context, merchant, body),
  },
  {
    call: `POST ${PLATFORM}/subsidies/return`,
    group: 'Ecommerce subsidies',
    doc: `${DOC}/4012477636`,
    operation: 'ecommerce.subsidy.return',
    run: (context, merchant, { body }) => returnSubsidy(context, merchant, body),
  },
  {
    call: `POST ${PLATFORM}/subsidies/cancel`,
    group: 'Ecommerce subsidies',
    doc: `${DOC}/4012477639`,
    operation: 'ecommerce.subsidy.cancel',
    run: (context, merchant, { body }) => cancelSubsidy(context, merchant, body),
  },
];

const REFUNDS: readonly Route[] = [
  {
    call: `POST ${PLATFORM}/refunds/apply`,
    group: 'Ecommerce refunds',
    doc: `${DOC}/4012476892`,
    differs: 'An advance goes over the seller’s account, so the fund flow shows two lines more.',
    operation: 'ecommerce.refund',
    run: (context, merchant, { body }) => applyRefund(context, merchant, body),
  },
  {
    call: `GET ${PLATFORM}/refunds/id/{refund_id}`,
    group: 'Ecommerce refunds',
    doc: `${DOC}/4012476908`,
    operation: 'ecommerce.refund.query',
    run: (context, merchant, { parameters, query }) => {
      const by = { refund_id: parameters.refund_id ?? '' };
      return queryPlatformRefund(context, merchant, { by, query });
    },
  },
  {
    call: `GET ${PLATFORM}/refunds/out-refund-no/{out_refund_no}`,
    group: 'Ecommerce refunds',
    doc: `${DOC}/4012476911`,
    operation: 'ecommerce.refund.query',
    run: (context, merchant, { parameters, query }) => {
      const by = { out_refund_no: parameters.out_refund_no ?? '' };
      return queryPlatformRefund(context, merchant, { by, query });
    },
  },
  {
    call: `POST ${PLATFORM}/refunds/{refund_id}/return-advance`,
    group: 'Ecommerce refunds',
    doc: `${DOC}/4012476927`,
    operation: 'ecommerce.advance.return',
    run: (context, merchant, { parameters, body }) =>
      returnAdvance(context, merchant, { refund_id: parameters.refund_id ?? '', body }),
  },
  {
    call: `GET ${PLATFORM}/refunds/{refund_id}/return-advance`,
    group: 'Ecommerce refunds',
    doc: `${DOC}/4012476916`,
    operation: 'ecommerce.advance.query',
    run: (context, merchant, { parameters, query }) =>
      queryAdvance(context, merchant, { refund_id: parameters.refund_id ?? '', query }),
  },
];

export const ECOMMERCE_ROUTES: readonly Route[] = [
  ...SPLITS,
  ...SUBSIDIES,
  ...REFUNDS,
  ...FUND_ROUTES,
];
