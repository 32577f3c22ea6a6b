import type { Route } from '../api/route.ts';
import { applyAsPartner, queryPartnerApplication } from './partner.ts';
import { applyForSeller, queryApplication, revokeApplication } from './platform.ts';
import { modifySettlement, queryChange, settlement } from './settlements.ts';

/** Sellers come to the wallet: through a platform, or through an ordinary partner. */
const DOC = 'https://pay.weixin.qq.com/doc/v3/partner';
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
    doc: `${DOC}/4012713017`,
    differs: REVIEWED,
    operation: 'onboarding.apply',
    run: applyForSeller,
  },
  {
    call: `GET ${PLATFORM}/{applyment_id}`,
    group: GROUP,
    doc: `${DOC}/4012691469`,
    operation: 'onboarding.query',
    run: (context, merchant, { parameters }) => {
      const { applyment_id = '' } = parameters;
      return queryApplication(context, merchant, { applyment_id });
    },
  },
  {
    call: `GET ${PLATFORM}/out-request-no/{out_request_no}`,
    group: GROUP,
    doc: `${DOC}/4012691376`,
    operation: 'onboarding.query',
    run: (context, merchant, { parameters }) => {
      const { out_request_no = '' } = parameters;
      return queryApplication(context, merchant, { out_request_no });
    },
  },
  {
    call: `POST ${PLATFORM}/{applyment_id}/revoke`,
    group: GROUP,
    doc: `${DOC}/4012087137`,
    differs: REVOKED,
    operation: 'onboarding.revoke',
    run: (context, merchant, { parameters: { applyment_id } }) =>
      revokeApplication(context, merchant, { applyment_id }),
  },
  {
    call: `POST ${PLATFORM}/out-request-no/{out_request_no}/revoke`,
    group: GROUP,
    doc: `${DOC}/4012087137`,
    differs: REVOKED,
    operation: 'onboarding.revoke',
    run: (context, merchant, { parameters: { out_request_no } }) =>
      revokeApplication(context, merchant, { out_request_no }),
  },
  {
    call: `POST ${PARTNER}/`,
    group: GROUP,
    doc: `${DOC}/4012719997`,
    differs: REVIEWED,
    operation: 'onboarding.apply',
    per_second: 15,
    run: applyAsPartner,
  },
  {
    call: `GET ${PARTNER}/business_code/{business_code}`,
    group: GROUP,
    doc: `${DOC}/4012697168`,
    operation: 'onboarding.query',
    run: (context, merchant, { parameters }) => {
      const { business_code = '' } = parameters;
      return queryPartnerApplication(context, merchant, { business_code });
    },
  },
  {
    call: `GET ${PARTNER}/applyment_id/{applyment_id}`,
    group: GROUP,
    doc: `${DOC}/4012697052`,
    operation: 'onboarding.query',
    run: (context, merchant, { parameters }) => {
      const { applyment_id = '' } = parameters;
      return queryPartnerApplication(context, merchant, { applyment_id });
    },
  },
  {
    call: `GET ${SELLERS}/settlement`,
    group: GROUP,
    doc: `${DOC}/4012761113`,
    operation: 'onboarding.settlement',
    run: settlement,
  },
  {
    call: `POST ${SELLERS}/modify-settlement`,
    group: GROUP,
    doc: `${DOC}/4012761102`,
    differs: 'The review takes a minute and fails only for another account holder.',
    operation: 'onboarding.settlement.modify',
    run: modifySettlement,
  },
  {
    call: `GET ${SELLERS}/application/{application_no}`,
    group: GROUP,
    doc: `${DOC}/4012761120`,
    operation: 'onboarding.settlement.query',
    run: queryChange,
  },
];
