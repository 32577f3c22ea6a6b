import type { WalletCall } from '../../calls.ts';

/** Profit sharing: the ordinary family and the platform's. */
const WIKI = 'https://pay.weixin.qq.com/wiki/doc';
const GROUP = 'Profit sharing';
const PLATFORM_GROUP = 'Ecommerce splits';
export const ORDINARY = '/v3/profitsharing';
export const PLATFORM = '/v3/ecommerce/profitsharing';

const ORDINARY_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${ORDINARY}/receivers/add`,
    group: GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter8_1_8.shtml`,
    repeatable: true,
  },
  {
    operation: `POST ${ORDINARY}/receivers/delete`,
    group: GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter8_1_9.shtml`,
    repeatable: true,
  },
  {
    operation: `POST ${ORDINARY}/orders`,
    group: GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter8_1_1.shtml`,
    per_second: 300,
    repeatable: false,
  },
  {
    operation: `POST ${ORDINARY}/orders/unfreeze`,
    group: GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter8_1_5.shtml`,
    per_second: 300,
    repeatable: false,
  },
  {
    operation: `GET ${ORDINARY}/orders/{out_order_no}`,
    group: GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter8_1_2.shtml`,
    per_second: 500,
    repeatable: true,
  },
  {
    operation: `POST ${ORDINARY}/return-orders`,
    group: GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter8_1_3.shtml`,
    per_second: 100,
    repeatable: false,
  },
  {
    operation: `GET ${ORDINARY}/return-orders/{out_return_no}`,
    group: GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter8_1_4.shtml`,
    per_second: 500,
    repeatable: true,
  },
  {
    operation: `GET ${ORDINARY}/transactions/{transaction_id}/amounts`,
    group: GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter8_1_6.shtml`,
    repeatable: true,
  },
];

const PLATFORM_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${PLATFORM}/receivers/add`,
    group: PLATFORM_GROUP,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/profitsharing/chapter3_7.shtml`,
    repeatable: true,
  },
  {
    operation: `POST ${PLATFORM}/receivers/delete`,
    group: PLATFORM_GROUP,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/profitsharing/chapter3_8.shtml`,
    repeatable: true,
  },
  {
    operation: `POST ${PLATFORM}/orders`,
    group: PLATFORM_GROUP,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/profitsharing/chapter3_1.shtml`,
    per_second: 2000,
    repeatable: false,
  },
  {
    operation: `POST ${PLATFORM}/finish-order`,
    group: PLATFORM_GROUP,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/profitsharing/chapter3_5.shtml`,
    repeatable: false,
  },
  {
    operation: `GET ${PLATFORM}/orders`,
    group: PLATFORM_GROUP,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/profitsharing/chapter3_2.shtml`,
    repeatable: true,
  },
  {
    operation: `POST ${PLATFORM}/returnorders`,
    group: PLATFORM_GROUP,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/profitsharing/chapter3_3.shtml`,
    repeatable: false,
  },
  {
    operation: `GET ${PLATFORM}/returnorders`,
    group: PLATFORM_GROUP,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/profitsharing/chapter3_4.shtml`,
    repeatable: true,
  },
  {
    operation: `GET ${PLATFORM}/orders/{transaction_id}/amounts`,
    group: PLATFORM_GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter7_4_9.shtml`,
    repeatable: true,
  },
];

export const SPLIT_CALLS: readonly WalletCall[] = [...ORDINARY_CALLS, ...PLATFORM_CALLS];
