import { GatewayRefusal } from '../api/biz.ts';
import { type Alipay, saveTrade, type Trade } from '../books.ts';
import { holderOf, PURSE } from '../money.ts';
import { sendMessage } from '../trade/app-messages.ts';
import { keepSettlement, type Settlement, type SettlePart } from './book.ts';
import { heldOf, releaseHeld } from './hold.ts';
import { canDebit, creditReceiver, debitReceiver } from './receivers.ts';
import { detailsOf } from './settle-info.ts';

/** The money of a settlement moves, part by part. */
const SHORT = 'TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH';
const REFUSED = 'TXN_RESULT_PAYEE_ACCOUNT_STATUS_ERROR';
const OPERATION = 'alipay.trade.order.settle';

/** Held money is split from what is held, other money from what the seller has. */
function sellerHas(alipay: Alipay, trade: Trade, amount: bigint): boolean {
  if (alipay.options.faults.strikes('merchant_short', { operation: OPERATION, amount }))
    return false;
  if (trade.hold) return heldOf(alipay, trade) >= amount;
  return alipay.funds.available(holderOf(trade), PURSE) >= amount;
}

/** All or nothing: throws before anything has moved. */
export function checkFunds(alipay: Alipay, trade: Trade, { parts }: Settlement): void {
  let transfers = 0n;
  for (const { type, amount, receiver } of parts) {
    if (alipay.options.faults.strikes('split_part_refused', { operation: OPERATION, amount })) {
      throw new GatewayRefusal('ACQ.TRADE_SETTLE_ERROR');
    }
    if (type === 'transfer') transfers += amount;
    else if (!canDebit(alipay, receiver, amount)) {
      throw new GatewayRefusal('ACQ.TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH');
    }
  }
  if (transfers > 0n && !sellerHas(alipay, trade, transfers)) {
    throw new GatewayRefusal('ACQ.TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH');
  }
}

function fail(part: SettlePart, code: string): void {
  part.state = 'FAIL';
  part.error_code = code;
}

function movePart(alipay: Alipay, trade: Trade, settlement: Settlement, part: SettlePart): void {
  const { settle_no: business_no, out_request_no: reference } = settlement;
  const holder = holderOf(trade);
  const at = alipay.options.clock.now().getTime();
  const note = `${part.type === 'transfer' ? '分账' : '补差'}[${settlement.trade_no}]`;
  const own = { holder, purse: PURSE, at, type: '分账', business_no, reference, note };
  const other = { receiver: part.receiver, amount: part.amount, business_no, reference, note };
  if (part.type === 'transfer') {
    const from_hold = trade.hold ? { from_hold: settlement.trade_no } : {};
    alipay.funds.post({ ...own, direction: 'out', amount: part.amount }, from_hold);
    creditReceiver(alipay, other);
  } else {
    debitReceiver(alipay, other);
    alipay.funds.post({ ...own, direction: 'in', amount: part.amount });
  }
  part.state = 'SUCCESS';
}

/** What cannot be served fails for itself; a synchronous call has checked before. */
export function carryOut(alipay: Alipay, settlement: Settlement): void {
  const trade = alipay.by_trade_no.get(settlement.trade_no);
  if (!trade) return;
  settlement.due_at = null;
  settlement.done_at = alipay.options.clock.now().getTime();
  const synchronous = settlement.mode === 'sync';
  for (const part of settlement.parts) {
    const { amount } = part;
    const occasion = { operation: OPERATION, amount };
    if (synchronous) movePart(alipay, trade, settlement, part);
    else if (trade.status !== 'TRADE_SUCCESS') fail(part, 'ILLEGAL_SETTLE_STATE');
    else if (alipay.options.faults.strikes('split_part_refused', occasion)) fail(part, REFUSED);
    else if (
      part.type === 'transfer'
        ? sellerHas(alipay, trade, amount)
        : canDebit(alipay, part.receiver, amount)
    ) {
      movePart(alipay, trade, settlement, part);
    } else fail(part, SHORT);
  }
  if (settlement.finish && trade.hold) releaseHeld(alipay, trade);
  saveTrade(alipay, trade);
}

/** Puts an asynchronous settlement on the agenda; also at the start, for what was not done yet. */
export function scheduleSettlement(alipay: Alipay, settlement: Settlement): void {
  const due = settlement.due_at;
  if (due === null) return;
  alipay.agenda.add(due, () => {
    if (settlement.due_at === null) return;
    carryOut(alipay, settlement);
    keepSettlement(alipay.royalty, settlement);
    sendMessage(alipay, {
      app_id: settlement.app_id,
      method: 'alipay.trade.order.settle.notify',
      content: {
        msg_type: 'ASYNC_SETTLE_RESULT',
        trade_no: settlement.trade_no,
        settle_no: settlement.settle_no,
        ...detailsOf(settlement),
      },
    });
  });
}
