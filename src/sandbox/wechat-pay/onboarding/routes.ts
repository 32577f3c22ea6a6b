import type { Route } from '../api/route.ts';
import { applyAsPartner, queryPartnerApplication } from './partner.ts';
import { applyForSeller, queryApplication, revokeApplication } from './platform.ts';
import { modifySettlement, queryChange, settlement } from './settlements.ts';

/** Sellers come to the wallet: through a platform, or through an ordinary partner. */
const WIKI = 'https://pay.weixin.qq.com/wiki/doc';
const DOCS = 'https://pay.weixin.qq.com/docs/partner/apis';
const GROUP = 'Onboarding';
const PLATFORM = '/v3/ecommerce/applyments';
const PARTNER = '/v3/applyment4sub/applyment';
const SELLERS = '/v3/apply4sub/sub_merchants/{sub_mchid}';
const REVIEWED =
  'Nobody looks at pictures: the review compares names, numbers and check digits, and a corporate account counts as proven after an hour.';
const REVOKED =
  'What a query says of a revoked application is not documented; here it is CANCELED, and its number is free.';

export const ONBOARDING_ROUTES: readonly Route[] = [
  {
    call: `POST ${PLATFORM}/`,
    group: GROUP,
    doc: `${DOCS}/ecommerce-merchant-application/applyment/submit-applyment.html`,
    differs: REVIEWED,
    operation: 'onboarding.apply',
    run: applyForSeller,
  },
  {
    call: `GET ${PLATFORM}/{applyment_id}`,
    group: GROUP,
    doc: `${DOCS}/ecommerce-merchant-application/applyment/get-applyment-state.html`,
    operation: 'onboarding.query',
    run: (context, merchant, { parameters }) => {
      const { applyment_id = '' } = parameters;
      return queryApplication(context, merchant, { applyment_id });
    },
  },
  {
    call: `GET ${PLATFORM}/out-request-no/{out_request_no}`,
    group: GROUP,
    doc: `${DOCS}/ecommerce-merchant-application/applyment/get-applyment-state.html`,
    operation: 'onboarding.query',
    run: (context, merchant, { parameters }) => {
      const { out_request_no = '' } = parameters;
      return queryApplication(context, merchant, { out_request_no });
    },
  },
  {
    call: `POST ${PLATFORM}/{applyment_id}/revoke`,
    group: GROUP,
    doc: 'https://pay.weixin.qq.com/doc/v3/partner/4015616721',
    differs: REVOKED,
    operation: 'onboarding.revoke',
    run: (context, merchant, { parameters: { applyment_id } }) =>
      revokeApplication(context, merchant, { applyment_id }),
  },
  {
    call: `POST ${PLATFORM}/out-request-no/{out_request_no}/revoke`,
    group: GROUP,
    doc: 'https://pay.weixin.qq.com/doc/v3/partner/4015616721',
    differs: REVOKED,
    operation: 'onboarding.revoke',
    run: (context, merchant, { parameters: { out_request_no } }) =>
      revokeApplication(context, merchant, { out_request_no }),
  },
  {
    call: `POST ${PARTNER}/`,
    group: GROUP,
    doc: `${WIKI}/apiv3_partner/apis/chapter11_1_1.shtml`,
    differs: REVIEWED,
    operation: 'onboarding.apply',
    per_second: 15,
    run: applyAsPartner,
  },
  {
    call: `GET ${PARTNER}/business_code/{business_code}`,
    group: GROUP,
    doc: `${WIKI}/apiv3/wxpay/tool/applyment4sub/chapter3_2.shtml`,
    operation: 'onboarding.query',
    run: (context, merchant, { parameters }) => {
      const { business_code = '' } = parameters;
      return queryPartnerApplication(context, merchant, { business_code });
    },
  },
  {
    call: `GET ${PARTNER}/applyment_id/{applyment_id}`,
    group: GROUP,
    doc: `${WIKI}/apiv3/wxpay/tool/applyment4sub/chapter3_2.shtml`,
    operation: 'onboarding.query',
    run: (context, merchant, { parameters }) => {
      const { applyment_id = '' } = parameters;
      return queryPartnerApplication(context, merchant, { applyment_id });
    },
  },
  {
    call: `GET ${SELLERS}/settlement`,
    group: GROUP,
    doc: `${DOCS}/ecommerce-merchant-application/get-settlement.html`,
    operation: 'onboarding.settlement',
    run: settlement,
  },
  {
    call: `POST ${SELLERS}/modify-settlement`,
    group: GROUP,
    doc: `${DOCS}/ecommerce-merchant-application/modify-settlement.html`,
    differs: 'The review takes a minute and fails only for another account holder.',
    operation: 'onboarding.settlement.modify',
    run: modifySettlement,
  },
  {
    call: `GET ${SELLERS}/application/{application_no}`,
    group: GROUP,
    doc: `${DOCS}/modify-settlement/sub-merchants/get-application.html`,
    operation: 'onboarding.settlement.query',
    run: queryChange,
  },
];
