import type { Route } from '../api/route.ts';
import { askConsent, closeConsent, queryConsent } from './consents.ts';
import {
  cancelTransfer,
  createAskingTransfer,
  createConsentedTransfer,
  createTransfer,
  queryTransfer,
} from './transfers.ts';

/** Transfers from a merchant to a person, and the standing consents to them. */
const GROUP = 'Transfers to persons';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';
const BASE = '/v3/fund-app/mch-transfer';
const BILLS = `${BASE}/transfer-bills`;
const CONSENTS = `${BASE}/user-confirm-authorization`;

export const TRANSFER_ROUTES: readonly Route[] = [
  {
    call: `POST ${BILLS}`,
    group: GROUP,
    doc: `${DOC}/4012716434`,
    differs: [
      'The payee confirms on the sandbox phone; the items of scene 1006 and the limits of a single',
      'scene are not checked, and quotas are refused as QUOTA_EXCEED; notices of transfers repeat',
      'at the times of payment notices.',
    ].join(' '),
    operation: 'transfer.create',
    per_second: 100,
    run: createTransfer,
  },
  {
    call: `POST ${BILLS}/transfer`,
    group: GROUP,
    doc: `${DOC}/4014399371`,
    differs: 'The money always comes from the caller, whatever sponsor_mchid says.',
    operation: 'transfer.create',
    per_second: 100,
    run: createConsentedTransfer,
  },
  {
    call: `POST ${BILLS}/pre-transfer-with-authorization`,
    group: GROUP,
    doc: `${DOC}/4014399293`,
    differs: [
      'Who takes the money on the sandbox phone agrees to later ones with it; a payee is always',
      'named by openid; sponsor_mchid is not taken.',
    ].join(' '),
    operation: 'transfer.create',
    per_second: 100,
    run: createAskingTransfer,
  },
  {
    call: `GET ${BILLS}/out-bill-no/{out_bill_no}`,
    group: GROUP,
    doc: `${DOC}/4012716437`,
    operation: 'transfer.query',
    run: (context, merchant, { parameters }) =>
      queryTransfer(context, merchant, { out_bill_no: parameters.out_bill_no ?? '' }),
  },
  {
    call: `GET ${BILLS}/transfer-bill-no/{transfer_bill_no}`,
    group: GROUP,
    doc: `${DOC}/4012716457`,
    operation: 'transfer.query',
    run: (context, merchant, { parameters }) =>
      queryTransfer(context, merchant, { transfer_bill_no: parameters.transfer_bill_no ?? '' }),
  },
  {
    call: `POST ${BILLS}/out-bill-no/{out_bill_no}/cancel`,
    group: GROUP,
    doc: `${DOC}/4012716458`,
    operation: 'transfer.cancel',
    per_second: 20,
    run: (context, merchant, { parameters }) =>
      cancelTransfer(context, merchant, parameters.out_bill_no ?? ''),
  },
  {
    call: `POST ${CONSENTS}`,
    group: GROUP,
    doc: `${DOC}/4015901167`,
    operation: 'transfer.consent.create',
    per_second: 50,
    run: (context, merchant, { body }) => askConsent(context, merchant, body),
  },
  {
    call: `GET ${CONSENTS}/out-authorization-no/{out_authorization_no}`,
    group: GROUP,
    doc: `${DOC}/4014399423`,
    operation: 'transfer.consent.query',
    per_second: 100,
    run: (context, merchant, { parameters, query }) =>
      queryConsent(context, merchant, {
        number: parameters.out_authorization_no ?? '',
        display: query.get('is_display_authorization') === 'true',
      }),
  },
  {
    call: `POST ${CONSENTS}/out-authorization-no/{out_authorization_no}/close`,
    group: GROUP,
    doc: `${DOC}/4015653811`,
    operation: 'transfer.consent.close',
    per_second: 50,
    run: (context, merchant, { parameters }) =>
      closeConsent(context, merchant, parameters.out_authorization_no ?? ''),
  },
];
