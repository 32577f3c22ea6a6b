import type { WalletCall } from '../../calls.ts';

/** A platform's refunds, and sellers' applications of both kinds. */
const DOC = 'https://pay.weixin.qq.com/doc/v3/partner';
export const REFUNDS = '/v3/ecommerce/refunds';
export const APPLICATIONS = '/v3/ecommerce/applyments';
export const PARTNER_APPLICATIONS = '/v3/applyment4sub/applyment';
export const PICTURES = '/v3/merchant/media/upload';
const ONBOARDING = 'Onboarding';

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
    doc: `${DOC}/4012691382`,
    repeatable: true,
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
];
