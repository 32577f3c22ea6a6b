import type { WalletCall } from '../../calls.ts';

/** A platform's refunds, subsidies and money, and sellers' applications of both kinds. */
export const REFUNDS = '/v3/ecommerce/refunds';
export const SUBSIDIES = '/v3/ecommerce/subsidies';
export const SELLER_FUNDS = '/v3/ecommerce/fund';
export const OWN_FUNDS = '/v3/merchant/fund';
export const APPLICATIONS = '/v3/ecommerce/applyments';
export const PARTNER_APPLICATIONS = '/v3/applyment4sub/applyment';
export const PICTURES = '/v3/merchant/media/upload';
const DOC = 'https://pay.weixin.qq.com/doc/v3/partner';
const ONBOARDING = 'Onboarding';
const SUBSIDY = 'Ecommerce subsidies';
const FUNDS = 'Balances and withdrawals';

const MONEY_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${REFUNDS}/{refund_id}/return-advance`,
    group: 'Ecommerce refunds',
    doc: `${DOC}/4012476927`,
    repeatable: false,
  },
  {
    operation: `GET ${REFUNDS}/{refund_id}/return-advance`,
    group: 'Ecommerce refunds',
    doc: `${DOC}/4012476916`,
    repeatable: true,
  },
  {
    operation: `POST ${SUBSIDIES}/create`,
    group: SUBSIDY,
    doc: `${DOC}/4012477631`,
    repeatable: false,
  },
  {
    operation: `POST ${SUBSIDIES}/return`,
    group: SUBSIDY,
    doc: `${DOC}/4012477636`,
    repeatable: false,
  },
  {
    operation: `POST ${SUBSIDIES}/cancel`,
    group: SUBSIDY,
    doc: `${DOC}/4012477639`,
    repeatable: false,
  },
  {
    operation: `GET ${SELLER_FUNDS}/balance/{sub_mchid}`,
    group: FUNDS,
    doc: `${DOC}/4012476690`,
    repeatable: true,
  },
  {
    operation: `GET ${OWN_FUNDS}/balance/{account_type}`,
    group: FUNDS,
    doc: `${DOC}/4012476700`,
    repeatable: true,
  },
  {
    operation: `POST ${SELLER_FUNDS}/withdraw`,
    group: FUNDS,
    doc: `${DOC}/4012476652`,
    repeatable: false,
  },
  {
    operation: `GET ${SELLER_FUNDS}/withdraw/out-request-no/{out_request_no}`,
    group: FUNDS,
    doc: `${DOC}/4012476656`,
    repeatable: true,
  },
  {
    operation: `POST ${OWN_FUNDS}/withdraw`,
    group: FUNDS,
    doc: `${DOC}/4012476670`,
    repeatable: false,
  },
  {
    operation: `GET ${OWN_FUNDS}/withdraw/out-request-no/{out_request_no}`,
    group: FUNDS,
    doc: `${DOC}/4012476672`,
    repeatable: true,
  },
];

export const ECOMMERCE_CALLS: readonly WalletCall[] = [
  {
    operation: `POST ${REFUNDS}/apply`,
    group: 'Ecommerce refunds',
    doc: `${DOC}/4012476892`,
    per_second: 150,
    repeatable: false,
  },
  {
    operation: `GET ${REFUNDS}/out-refund-no/{out_refund_no}`,
    group: 'Ecommerce refunds',
    doc: `${DOC}/4012476911`,
    per_second: 300,
    repeatable: true,
  },
  {
    operation: `POST ${APPLICATIONS}/`,
    group: ONBOARDING,
    doc: `${DOC}/4012713017`,
    repeatable: false,
  },
  {
    operation: `GET ${APPLICATIONS}/out-request-no/{out_request_no}`,
    group: ONBOARDING,
    doc: `${DOC}/4012691376`,
    repeatable: true,
  },
  {
    operation: `POST ${APPLICATIONS}/out-request-no/{out_request_no}/revoke`,
    group: ONBOARDING,
    doc: `${DOC}/4012087137`,
    repeatable: false,
  },
  {
    operation: `POST ${PARTNER_APPLICATIONS}/`,
    group: ONBOARDING,
    doc: `${DOC}/4012719997`,
    per_second: 15,
    repeatable: false,
  },
  {
    operation: `GET ${PARTNER_APPLICATIONS}/business_code/{business_code}`,
    group: ONBOARDING,
    doc: `${DOC}/4012697168`,
    repeatable: true,
  },
  {
    operation: `POST ${PICTURES}`,
    group: ONBOARDING,
    doc: `${DOC}/4012760432`,
    timeout_ms: 10_000,
    repeatable: false,
  },
  ...MONEY_CALLS,
];
