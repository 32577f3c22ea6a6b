import type { Method } from '../api/method.ts';
import { accountQuery, commonQuery, uniTransfer } from './transfers.ts';

/** Transfers to persons, and the merchant's own balance. */
const GROUP = 'Transfers to persons';
const DOC = 'https://opendocs.alipay.com/open';
const V3 = '/v3/alipay/fund';

export const FUND_METHODS: readonly Method[] = [
  {
    call: 'alipay.fund.trans.uni.transfer',
    v3: `POST ${V3}/trans/uni/transfer`,
    group: GROUP,
    doc: `${DOC}/62987723_alipay.fund.trans.uni.transfer`,
    certificate_only: true,
    differs:
      'Accounts and B2C red packets only: no bank cards, no red packets between persons (PERSONAL_COLLECTION); a person’s login name is <id>@sandbox.test.',
    run: uniTransfer,
  },
  {
    call: 'alipay.fund.trans.common.query',
    v3: `GET ${V3}/trans/common/query`,
    group: GROUP,
    doc: `${DOC}/58a29899_alipay.fund.trans.common.query`,
    certificate_only: true,
    run: commonQuery,
  },
  {
    call: 'alipay.fund.account.query',
    v3: `GET ${V3}/account/query`,
    group: GROUP,
    doc: `${DOC}/1b8a680c_alipay.fund.account.query`,
    certificate_only: true,
    run: accountQuery,
  },
];
