import type { Route } from '../api/route.ts';
import { allSellersFundBill, fundBill, sellerFundBill, splitBill, tradeBill } from './bills.ts';
import { fetchLink } from './links.ts';

/** Trade, fund-flow and profit-sharing bills, plain and encrypted, and their files. */
const GROUP = 'Bills';
const DOC = 'https://pay.weixin.qq.com/doc/v3';
const SNAPSHOT =
  'A bill shows refunds as they stand when it is asked for, not at nine that morning.';
const SEALED =
  'The files’ encryption (gzip first, no associated data, a key of 32 letters) follows the documents; no real file was seen.';

export const BILL_ROUTES: readonly Route[] = [
  {
    call: 'GET /v3/bill/tradebill',
    group: GROUP,
    doc: `${DOC}/merchant/4012791866`,
    operation: 'bill.trade',
    differs: `${SNAPSHOT} Bill types with campaigns or top-up refunds of their own are not there.`,
    run: (context, merchant, { query }) => tradeBill(context, merchant, query),
  },
  {
    call: 'GET /v3/bill/fundflowbill',
    group: GROUP,
    doc: `${DOC}/merchant/4012791867`,
    operation: 'bill.funds',
    per_second: 3,
    run: (context, merchant, { query }) => fundBill(context, merchant, query),
  },
  {
    call: 'GET /v3/bill/sub-merchant-fundflowbill',
    group: GROUP,
    doc: `${DOC}/partner/4012760249`,
    operation: 'bill.seller_funds',
    differs: SEALED,
    run: (context, merchant, { query }) => sellerFundBill(context, merchant, query),
  },
  {
    call: 'GET /v3/ecommerce/bill/fundflowbill',
    group: GROUP,
    doc: `${DOC}/partner/4012760697`,
    operation: 'bill.seller_funds',
    differs: `${SEALED} The seller stands in a first column of our own.`,
    run: (context, merchant, { query }) => allSellersFundBill(context, merchant, query),
  },
  {
    call: 'GET /v3/profitsharing/bills',
    group: GROUP,
    doc: `${DOC}/merchant/4012529628`,
    operation: 'bill.splits',
    differs: 'The names of the columns are ours: no real file was seen.',
    run: (context, merchant, { query }) => splitBill(context, merchant, query),
  },
  {
    call: 'GET /v3/billdownload/file',
    group: GROUP,
    doc: `${DOC}/merchant/4012791868`,
    operation: 'bill.file',
    differs: 'Links end when the sandbox stops, and their minutes are those of the business clock.',
    run: (context, merchant, { query }) => fetchLink(context, merchant, query),
  },
];
