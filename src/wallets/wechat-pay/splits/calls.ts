import type { WalletCall } from '../../calls.ts';

/** Profit sharing: the ordinary family and the platform's. */
const GROUP = 'Profit sharing';
const PLATFORM_GROUP = 'Ecommerce splits';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';
const PARTNER_DOC = 'https://pay.weixin.qq.com/doc/v3/partner';
export const ORDINARY = '/v3/profitsharing';
export const PLATFORM = '/v3/ecommerce/profitsharing';

const ORDINARY_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${ORDINARY}/receivers/add`,
    group: GROUP,
    doc: `${DOC}/4012528995`,
    repeatable: true,
  },
  {
    operation: `POST ${ORDINARY}/receivers/delete`,
    group: GROUP,
    doc: `${DOC}/4012529413`,
    repeatable: true,
  },
  {
    operation: `POST ${ORDINARY}/orders`,
    group: GROUP,
    doc: `${DOC}/4012524936`,
    per_second: 300,
    repeatable: false,
  },
  {
    operation: `POST ${ORDINARY}/orders/unfreeze`,
    group: GROUP,
    doc: `${DOC}/4012527962`,
    per_second: 300,
    repeatable: false,
  },
  {
    operation: `GET ${ORDINARY}/orders/{out_order_no}`,
    group: GROUP,
    doc: `${DOC}/4012525960`,
    per_second: 500,
    repeatable: true,
  },
  {
    operation: `POST ${ORDINARY}/return-orders`,
    group: GROUP,
    doc: `${DOC}/4012526600`,
    per_second: 100,
    repeatable: false,
  },
  {
    operation: `GET ${ORDINARY}/return-orders/{out_return_no}`,
    group: GROUP,
    doc: `${DOC}/4012527177`,
    per_second: 500,
    repeatable: true,
  },
  {
    operation: `GET ${ORDINARY}/transactions/{transaction_id}/amounts`,
    group: GROUP,
    doc: `${DOC}/4012457927`,
    repeatable: true,
  },
];

const PLATFORM_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${PLATFORM}/receivers/add`,
    group: PLATFORM_GROUP,
    doc: `${PARTNER_DOC}/4012477751`,
    repeatable: true,
  },
  {
    operation: `POST ${PLATFORM}/receivers/delete`,
    group: PLATFORM_GROUP,
    doc: `${PARTNER_DOC}/4012477754`,
    repeatable: true,
  },
  {
    operation: `POST ${PLATFORM}/orders`,
    group: PLATFORM_GROUP,
    doc: `${PARTNER_DOC}/4012477734`,
    per_second: 2000,
    repeatable: false,
  },
  {
    operation: `POST ${PLATFORM}/finish-order`,
    group: PLATFORM_GROUP,
    doc: `${PARTNER_DOC}/4012477745`,
    repeatable: false,
  },
  {
    operation: `GET ${PLATFORM}/orders`,
    group: PLATFORM_GROUP,
    doc: `${PARTNER_DOC}/4012477737`,
    repeatable: true,
  },
  {
    operation: `POST ${PLATFORM}/returnorders`,
    group: PLATFORM_GROUP,
    doc: `${PARTNER_DOC}/4012477740`,
    repeatable: false,
  },
  {
    operation: `GET ${PLATFORM}/returnorders`,
    group: PLATFORM_GROUP,
    doc: `${PARTNER_DOC}/4012477742`,
    repeatable: true,
  },
  {
    operation: `GET ${PLATFORM}/orders/{transaction_id}/amounts`,
    group: PLATFORM_GROUP,
    doc: `${PARTNER_DOC}/4012477748`,
    repeatable: true,
  },
];

export const SPLIT_CALLS: readonly WalletCall[] = [...ORDINARY_CALLS, ...PLATFORM_CALLS];
