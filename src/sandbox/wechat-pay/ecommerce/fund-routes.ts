import type { Route } from '../api/route.ts';
import { ownBalance, ownEndOfDay, sellerBalance, sellerEndOfDay } from './balances.ts';
import {
  createOwnWithdrawal,
  createWithdrawal,
  queryOwnWithdrawal,
  queryWithdrawal,
} from './withdrawals.ts';

/** Balances and withdrawals of sellers, and of whoever calls. */
const DOC = 'https://pay.weixin.qq.com/doc/v3/partner';
const SELLERS = '/v3/ecommerce/fund';
const OWN = '/v3/merchant/fund';
const GROUP = 'Balances and withdrawals';
const SOON = 'Arrives after seconds, not on the next working day.';
const END_OF_DAY = 'The whole balance counts as available: what was then held is not kept.';

export const FUND_ROUTES: readonly Route[] = [
  {
    call: `GET ${SELLERS}/balance/{sub_mchid}`,
    group: GROUP,
    doc: `${DOC}/4012476690`,
    operation: 'ecommerce.balance',
    run: sellerBalance,
  },
  {
    call: `GET ${SELLERS}/enddaybalance/{sub_mchid}`,
    group: GROUP,
    doc: `${DOC}/4012476693`,
    differs: END_OF_DAY,
    operation: 'ecommerce.balance.day',
    run: sellerEndOfDay,
  },
  {
    call: `GET ${OWN}/balance/{account_type}`,
    group: GROUP,
    doc: `${DOC}/4012476700`,
    operation: 'balance',
    run: ownBalance,
  },
  {
    call: `GET ${OWN}/dayendbalance/{account_type}`,
    group: GROUP,
    doc: `${DOC}/4012476702`,
    differs: END_OF_DAY,
    operation: 'balance.day',
    run: ownEndOfDay,
  },
  {
    call: `POST ${SELLERS}/withdraw`,
    group: GROUP,
    doc: `${DOC}/4012476652`,
    differs: SOON,
    operation: 'ecommerce.withdraw',
    run: (context, merchant, { body }) => createWithdrawal(context, merchant, body),
  },
  {
    call: `GET ${SELLERS}/withdraw/{withdraw_id}`,
    group: GROUP,
    doc: `${DOC}/4012476665`,
    operation: 'ecommerce.withdraw.query',
    run: (context, merchant, { parameters, query }) => {
      const by = { withdraw_id: parameters.withdraw_id ?? '' };
      return queryWithdrawal(context, merchant, { by, query });
    },
  },
  {
    call: `GET ${SELLERS}/withdraw/out-request-no/{out_request_no}`,
    group: GROUP,
    doc: `${DOC}/4012476656`,
    operation: 'ecommerce.withdraw.query',
    run: (context, merchant, { parameters, query }) => {
      const by = { out_request_no: parameters.out_request_no ?? '' };
      return queryWithdrawal(context, merchant, { by, query });
    },
  },
  {
    call: `POST ${OWN}/withdraw`,
    group: GROUP,
    doc: `${DOC}/4012476670`,
    differs: SOON,
    operation: 'withdraw',
    run: (context, merchant, { body }) => createOwnWithdrawal(context, merchant, body),
  },
  {
    call: `GET ${OWN}/withdraw/withdraw-id/{withdraw_id}`,
    group: GROUP,
    doc: `${DOC}/4012476674`,
    operation: 'withdraw.query',
    run: (context, merchant, { parameters }) =>
      queryOwnWithdrawal(context, merchant, { withdraw_id: parameters.withdraw_id ?? '' }),
  },
  {
    call: `GET ${OWN}/withdraw/out-request-no/{out_request_no}`,
    group: GROUP,
    doc: `${DOC}/4012476672`,
    operation: 'withdraw.query',
    run: (context, merchant, { parameters }) =>
      queryOwnWithdrawal(context, merchant, { out_request_no: parameters.out_request_no ?? '' }),
  },
];
