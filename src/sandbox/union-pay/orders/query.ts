import { RESP_CODES } from '../../../protocols/union-pay/codes.ts';
import { type Call, required, tradeName, WireRefusal } from '../api/call.ts';
import type { Fields } from '../api/route.ts';
import { isPayment, type Payment, type Return, tradeNamed } from '../books.ts';
import { tradeMessage } from '../notices.ts';
import { currentReturn } from '../refunds/current.ts';
import { current } from './settle.ts';

/**
 * What became of a trade. `respCode` is the query's own; `origRespCode` the trade's. An order that
 * nobody has paid is no transaction: 34, before and after its time.
 */
const BY_QUERY_ID = '02';
const WRONG_BY = 1n;

function find(call: Call): Payment | Return | undefined {
  const { union, merchant, message } = call;
  if (message.get('txnSubType') !== BY_QUERY_ID) return tradeNamed(union, tradeName(call));
  const trade = union.by_query_id.get(required(call, 'queryId'));
  return trade?.mer_id === merchant.mer_id ? trade : undefined;
}

const HIDDEN: readonly string[] = ['respCode', 'respMsg', 'version', 'encoding', 'signMethod'];

export function queryTrade(call: Call): Fields {
  const { union } = call;
  const found = find(call);
  const trade = found && (isPayment(found) ? current(union, found) : currentReturn(union, found));
  if (!trade || (isPayment(trade) && trade.state === 'open')) throw new WireRefusal('34');
  const fields = Object.fromEntries(
    [...tradeMessage(union, trade)].filter(([name]) => !HIDDEN.includes(name)),
  );
  const wrong = union.options.faults.strikes('answer_wrong_amount', {
    operation: 'queryTrans.do 00/00',
    amount: trade.amount,
  });
  return {
    ...fields,
    txnAmt: (wrong ? trade.amount + WRONG_BY : trade.amount).toString(),
    payCardType: '01',
    payType: '0001',
    origRespCode: trade.resp_code,
    origRespMsg: RESP_CODES[trade.resp_code],
  };
}
