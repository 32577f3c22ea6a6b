import { type Biz, GatewayRefusal, requiredAmount, requiredText } from '../api/biz.ts';
import type { Alipay, Trade, TradeRefund } from '../books.ts';
import { holderOf, PURSE } from '../money.ts';
import { listOf } from '../trade/fields.ts';
import type { Call } from '../trade/orders.ts';
import { keepSettlement, type Settlement, type SettlePart } from './book.ts';
import { heldOf } from './hold.ts';
import { canDebit, debitReceiver, receiverBehind } from './receivers.ts';

/**
 * What receivers give back with a refund. Face-to-face payments take it from them pro rata; all
 * others, and direct payment, only what the call names: the rest is the seller's.
 */
export interface Return {
  readonly settlement: Settlement;
  readonly part: SettlePart;
  readonly amount: bigint;
}

const FACE_TO_FACE: readonly Trade['product'][] = ['precreate', 'pay'];

function servedParts(alipay: Alipay, trade: Trade): { settlement: Settlement; part: SettlePart }[] {
  const settlements = alipay.royalty.by_trade.get(trade.trade_no ?? '') ?? [];
  return settlements.flatMap((settlement) =>
    settlement.parts
      .filter(({ type, state }) => type === 'transfer' && state === 'SUCCESS')
      .map((part) => ({ settlement, part })),
  );
}

/** Each receiver's share of the refund, cumulative, so that a full refund takes all back. */
function proRata(alipay: Alipay, trade: Trade, amount: bigint): Return[] {
  const refunded = trade.refunded + amount;
  return servedParts(alipay, trade)
    .map(({ settlement, part }) => {
      const due = (part.amount * refunded) / trade.amount - part.returned;
      return { settlement, part, amount: due > 0n ? due : 0n };
    })
    .filter((entry) => entry.amount > 0n);
}

function named(call: Call, trade: Trade, lines: readonly Biz[]): Return[] {
  const { alipay, app } = call;
  const left = new Map(
    servedParts(alipay, trade).map((entry) => [
      entry.part,
      entry.part.amount - entry.part.returned,
    ]),
  );
  const returns: Return[] = [];
  for (const line of lines) {
    const account = requiredText(line, 'trans_out', { max: 150 });
    const type = line['trans_out_type'];
    const receiver = receiverBehind(alipay, app, {
      account,
      type: type === 'loginName' || type === 'openId' ? type : 'userId',
    });
    let wanted = requiredAmount(line, 'amount');
    for (const { settlement, part } of servedParts(alipay, trade)) {
      const free = left.get(part) ?? 0n;
      if (part.receiver !== receiver || free === 0n || wanted === 0n) continue;
      const amount = wanted < free ? wanted : free;
      left.set(part, free - amount);
      wanted -= amount;
      returns.push({ settlement, part, amount });
    }
    if (wanted > 0n) throw new GatewayRefusal('ACQ.ALLOC_AMOUNT_VALIDATE_ERROR', '退分账金额超限');
  }
  return returns;
}

export function returnsOf(call: Call, trade: Trade, amount: bigint): readonly Return[] {
  const lines = listOf(call.biz, 'refund_royalty_parameters');
  if (lines.length > 0) return named(call, trade, lines);
  const automatic = FACE_TO_FACE.includes(trade.product) && trade.sub_merchant === null;
  return automatic ? proRata(call.alipay, trade, amount) : [];
}

/** Throws before anything has moved. */
export function checkReturns(alipay: Alipay, returns: readonly Return[]): void {
  const totals = new Map<string, bigint>();
  for (const { part, amount } of returns) {
    totals.set(part.receiver, (totals.get(part.receiver) ?? 0n) + amount);
  }
  for (const [receiver, amount] of totals) {
    if (!canDebit(alipay, receiver, amount)) {
      throw new GatewayRefusal('ACQ.TRADE_SETTLE_ERROR', '退分账方余额不足 (a receiver is short)');
    }
  }
}

/** What comes back to a trade whose money is held is held again, and first pays the refund. */
function stayHeld(alipay: Alipay, trade: Trade, returns: readonly Return[]): void {
  const key = trade.trade_no ?? '';
  if (heldOf(alipay, trade) === 0n) return;
  const back = returns.reduce((sum, { amount }) => sum + amount, 0n);
  const amount = alipay.funds.unhold(key) + back;
  alipay.funds.hold({ key, holder: holderOf(trade), purse: PURSE, amount });
}

export function takeBack(
  alipay: Alipay,
  trade: Trade,
  { returns, out_request_no }: { returns: readonly Return[]; out_request_no: string },
): TradeRefund['royalties'] {
  for (const { settlement, part, amount } of returns) {
    const business_no = settlement.settle_no;
    const note = `退分账[${settlement.trade_no}]`;
    const movement = { amount, business_no, reference: out_request_no, note };
    debitReceiver(alipay, { ...movement, receiver: part.receiver });
    const at = alipay.options.clock.now().getTime();
    const entry = { holder: holderOf(trade), purse: PURSE, at, type: '分账退款' };
    alipay.funds.post({ ...entry, ...movement, direction: 'in' });
    part.returned += amount;
    keepSettlement(alipay.royalty, settlement);
  }
  stayHeld(alipay, trade, returns);
  return returns.map(({ part, amount }) => ({ account: part.account, amount }));
}
