import type { WalletCall } from '../../calls.ts';

/** Transfers to persons. */
const GROUP = 'Transfers to persons';
const DOC = 'https://opendocs.alipay.com/open';
export const TRANSFER = 'alipay.fund.trans.uni.transfer';
export const TRANSFER_QUERY = 'alipay.fund.trans.common.query';

export const PAYOUT_CALLS: readonly WalletCall[] = [
  {
    operation: TRANSFER,
    group: GROUP,
    doc: `${DOC}/62987723_alipay.fund.trans.uni.transfer`,
    repeatable: false,
  },
  {
    operation: TRANSFER_QUERY,
    group: GROUP,
    doc: `${DOC}/58a29899_alipay.fund.trans.common.query`,
    repeatable: true,
  },
];
