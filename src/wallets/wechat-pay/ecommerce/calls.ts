import type { WalletCall } from '../../calls.ts';

/** A platform's refunds, subsidies and money, and sellers' applications of both kinds. */
export const REFUNDS = '/v3/ecommerce/refunds';
export const SUBSIDIES = '/v3/ecommerce/subsidies';
export const SELLER_FUNDS = '/v3/ecommerce/fund';
export const OWN_FUNDS = '/v3/merchant/fund';
export const APPLICATIONS = '/v3/ecommerce/applyments';
export const PARTNER_APPLICATIONS = '/v3/applyment4sub/applyment';
export const PICTURES = '/v3/merchant/media/upload';
const WIKI = 'https://pay.weixin.qq.com/wiki/doc';
const DOCS = 'https://pay.weixin.qq.com/docs/partner/apis';
const ONBOARDING = 'Onboarding';
const SUBSIDY = 'Ecommerce subsidies';
const FUNDS = 'Balances and withdrawals';

const MONEY_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${REFUNDS}/{refund_id}/return-advance`,
    group: 'Ecommerce refunds',
    doc: `${DOCS}/ecommerce-refund/refunds/create-return-advance.html`,
    repeatable: false,
  },
  {
    operation: `GET ${REFUNDS}/{refund_id}/return-advance`,
    group: 'Ecommerce refunds',
    doc: `${DOCS}/ecommerce-refund/refunds/query-return-advance.html`,
    repeatable: true,
  },
  {
    operation: `POST ${SUBSIDIES}/create`,
    group: SUBSIDY,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/subsidies/chapter3_1.shtml`,
    repeatable: false,
  },
  {
    operation: `POST ${SUBSIDIES}/return`,
    group: SUBSIDY,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/subsidies/chapter3_2.shtml`,
    repeatable: false,
  },
  {
    operation: `POST ${SUBSIDIES}/cancel`,
    group: SUBSIDY,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/subsidies/chapter3_3.shtml`,
    repeatable: false,
  },
  {
    operation: `GET ${SELLER_FUNDS}/balance/{sub_mchid}`,
    group: FUNDS,
    doc: `${DOCS}/ecommerce-balance/accounts/query-e-commerce-balance.html`,
    repeatable: true,
  },
  {
    operation: `GET ${OWN_FUNDS}/balance/{account_type}`,
    group: FUNDS,
    doc: `${DOCS}/ecommerce-balance/accounts/query-balance.html`,
    repeatable: true,
  },
  {
    operation: `POST ${SELLER_FUNDS}/withdraw`,
    group: FUNDS,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/fund/chapter3_2.shtml`,
    repeatable: false,
  },
  {
    operation: `GET ${SELLER_FUNDS}/withdraw/out-request-no/{out_request_no}`,
    group: FUNDS,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/fund/chapter3_3.shtml`,
    repeatable: true,
  },
  {
    operation: `POST ${OWN_FUNDS}/withdraw`,
    group: FUNDS,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/fund/chapter3_5.shtml`,
    repeatable: false,
  },
  {
    operation: `GET ${OWN_FUNDS}/withdraw/out-request-no/{out_request_no}`,
    group: FUNDS,
    doc: `${WIKI}/apiv3/wxpay/ecommerce/fund/chapter3_6.shtml`,
    repeatable: true,
  },
];

export const ECOMMERCE_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${REFUNDS}/apply`,
    group: 'Ecommerce refunds',
    doc: `${DOCS}/ecommerce-refund/refunds/create-refund.html`,
    per_second: 150,
    repeatable: false,
  },
  {
    operation: `GET ${REFUNDS}/out-refund-no/{out_refund_no}`,
    group: 'Ecommerce refunds',
    doc: `${DOCS}/ecommerce-refund/refunds/query-refund-by-out-refund-no.html`,
    per_second: 300,
    repeatable: true,
  },
  {
    operation: `POST ${APPLICATIONS}/`,
    group: ONBOARDING,
    doc: `${DOCS}/ecommerce-merchant-application/applyment/submit-applyment.html`,
    repeatable: false,
  },
  {
    operation: `GET ${APPLICATIONS}/out-request-no/{out_request_no}`,
    group: ONBOARDING,
    doc: `${DOCS}/ecommerce-merchant-application/applyment/get-applyment-state.html`,
    repeatable: true,
  },
  {
    operation: `POST ${APPLICATIONS}/out-request-no/{out_request_no}/revoke`,
    group: ONBOARDING,
    doc: 'https://pay.weixin.qq.com/doc/v3/partner/4015616721',
    repeatable: false,
  },
  {
    operation: `POST ${PARTNER_APPLICATIONS}/`,
    group: ONBOARDING,
    doc: `${WIKI}/apiv3_partner/apis/chapter11_1_1.shtml`,
    per_second: 15,
    repeatable: false,
  },
  {
    operation: `GET ${PARTNER_APPLICATIONS}/business_code/{business_code}`,
    group: ONBOARDING,
    doc: `${WIKI}/apiv3/wxpay/tool/applyment4sub/chapter3_2.shtml`,
    repeatable: true,
  },
  {
    operation: `POST ${PICTURES}`,
    group: ONBOARDING,
    doc: 'https://pay.weixin.qq.com/doc/v3/partner/4012760432',
    timeout_ms: 10_000,
    repeatable: false,
  },
  ...MONEY_CALLS,
];
