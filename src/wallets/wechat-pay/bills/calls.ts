import type { WalletCall } from '../../calls.ts';

/** Bills: each is asked for first, then fetched from the link in the answer. */
const GROUP = 'Bills';
const DOC = 'https://pay.weixin.qq.com/doc/v3';

export const TRADE_BILL = '/v3/bill/tradebill';
export const FUND_BILL = '/v3/bill/fundflowbill';
export const SELLER_FUND_BILL = '/v3/bill/sub-merchant-fundflowbill';
export const ALL_SELLERS_FUND_BILL = '/v3/ecommerce/bill/fundflowbill';
export const SPLIT_BILL = '/v3/profitsharing/bills';
export const BILL_FILE = '/v3/billdownload/file';

/** A day of a hundred thousand lines takes its time to be made and to be sent. */
const MAKE_MS = 20_000;
const FETCH_MS = 120_000;

function bill(path: string, page: string): WalletCall {
  return {
    operation: `GET ${path}`,
    group: GROUP,
    doc: `${DOC}/${page}`,
    per_second: 3,
    timeout_ms: MAKE_MS,
    repeatable: true,
  };
}

export const BILL_CALLS: readonly WalletCall[] = [
  bill(TRADE_BILL, 'merchant/4012791866'),
  bill(FUND_BILL, 'merchant/4012791867'),
  bill(SELLER_FUND_BILL, 'partner/4012760249'),
  bill(ALL_SELLERS_FUND_BILL, 'partner/4012760697'),
  bill(SPLIT_BILL, 'merchant/4012529628'),
  {
    operation: `GET ${BILL_FILE}`,
    group: GROUP,
    doc: `${DOC}/merchant/4012791868`,
    timeout_ms: FETCH_MS,
    repeatable: true,
  },
];
