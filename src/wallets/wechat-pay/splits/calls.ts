import type { WalletCall } from '../../calls.ts';

/** Profit sharing: the ordinary family and the platform's. */
const DOC = 'https://pay.weixin.qq.com/doc/v3/partner';
const GROUP = 'Profit sharing';
const PLATFORM_GROUP = 'Ecommerce splits';
export const ORDINARY = '/v3/profitsharing';
export const PLATFORM = '/v3/ecommerce/profitsharing';

const ORDINARY_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${ORDINARY}/receivers/add`,
    group: GROUP,
    doc: `${DOC}/4012690944`,
    repeatable: true,
  },
  {
    operation: `POST ${ORDINARY}/receivers/delete`,
    group: GROUP,
    doc: `${DOC}/4012466868`,
    repeatable: true,
  },
  {
    operation: `POST ${ORDINARY}/orders`,
    group: GROUP,
    doc: `${DOC}/4012690683`,
    per_second: 300,
    repeatable: false,
  },
  {
    operation: `POST ${ORDINARY}/orders/unfreeze`,
    group: GROUP,
    doc: `${DOC}/4012466860`,
    per_second: 300,
    repeatable: false,
  },
  {
    operation: `GET ${ORDINARY}/orders/{out_order_no}`,
    group: GROUP,
    doc: `${DOC}/4012466850`,
    per_second: 500,
    repeatable: true,
  },
  {
    operation: `POST ${ORDINARY}/return-orders`,
    group: GROUP,
    doc: `${DOC}/4012466854`,
    per_second: 100,
    repeatable: false,
  },
  {
    operation: `GET ${ORDINARY}/return-orders/{out_return_no}`,
    group: GROUP,
    doc: `${DOC}/4012466858`,
    per_second: 500,
    repeatable: true,
  },
  {
    operation: `GET ${ORDINARY}/transactions/{transaction_id}/amounts`,
    group: GROUP,
    doc: `${DOC}/4012457927`,
    repeatable: true,
  },
  {
    operation: `GET ${ORDINARY}/merchant-configs/{sub_mchid}`,
    group: GROUP,
    doc: `${DOC}/4012466864`,
    repeatable: true,
  },
];

const PLATFORM_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${PLATFORM}/receivers/add`,
    group: PLATFORM_GROUP,
    doc: `${DOC}/4012477758`,
    repeatable: true,
  },
  {
    operation: `POST ${PLATFORM}/receivers/delete`,
    group: PLATFORM_GROUP,
    doc: `${DOC}/4012477759`,
    repeatable: true,
  },
  {
    operation: `POST ${PLATFORM}/orders`,
    group: PLATFORM_GROUP,
    doc: `${DOC}/4012691594`,
    per_second: 2000,
    repeatable: false,
  },
  {
    operation: `POST ${PLATFORM}/finish-order`,
    group: PLATFORM_GROUP,
    doc: `${DOC}/4012477745`,
    repeatable: false,
  },
  {
    operation: `GET ${PLATFORM}/orders`,
    group: PLATFORM_GROUP,
    doc: `${DOC}/4012477734`,
    repeatable: true,
  },
  {
    operation: `POST ${PLATFORM}/returnorders`,
    group: PLATFORM_GROUP,
    doc: `${DOC}/4012477737`,
    repeatable: false,
  },
  {
    operation: `GET ${PLATFORM}/returnorders`,
    group: PLATFORM_GROUP,
    doc: `${DOC}/4012477740`,
    repeatable: true,
  },
  {
    operation: `GET ${PLATFORM}/orders/{transaction_id}/amounts`,
    group: PLATFORM_GROUP,
    doc: `${DOC}/4012477751`,
    repeatable: true,
  },
];

export const SPLIT_CALLS: readonly WalletCall[] = [...ORDINARY_CALLS, ...PLATFORM_CALLS];
