import { createHash } from 'node:crypto';
import { toYuan } from '../../../money.ts';
import {
  type Biz,
  GatewayRefusal,
  optionalText,
  requiredAmount,
  requiredText,
} from '../api/biz.ts';
import { type Alipay, type App, type Trade, tradeOf } from '../books.ts';
import { newSerial } from '../numbers.ts';
import { fieldsOf, invalidField, isTrue, listOf } from '../trade/fields.ts';
import type { Call } from '../trade/orders.ts';
import { type AccountType, keepSettlement, type Settlement, type SettlePart } from './book.ts';
import { carryOut, checkFunds, scheduleSettlement } from './carry-out.ts';
import { isUnconfirmed } from './hold.ts';
import { ACCOUNT_TYPES, receiverBehind } from './receivers.ts';
import { isBound, ratioOf } from './relations.ts';
import { detailsOf, settledOf, unsettledOf } from './settle-info.ts';

/**
 * Shares of a payment go to receivers: synchronously all or nothing, asynchronously each by
 * itself. https://opendocs.alipay.com/open/c3b24498_alipay.trade.order.settle
 */
const LIMITS = {
  sync: { requests: 50, receivers: 5 },
  async: { requests: 300, receivers: 50 },
} as const;
const ASYNC_DELAY_MS = 1000;
const NUMBER = { max: 32, pattern: /^[A-Za-z0-9_]+$/ } as const;

function typed(part: Biz, name: string): AccountType {
  const text = optionalText(part, name, { max: 64 }) ?? 'userId';
  const type = ACCOUNT_TYPES.find((known) => known === text);
  if (!type) throw new GatewayRefusal('ACQ.INVALID_RECEIVER_TYPE');
  return type;
}

/** A platform is a receiver of its sellers' payments without being bound. */
function mayReceive(alipay: Alipay, app: App, trade: Trade, receiver: string): boolean {
  if (trade.sub_merchant !== null && receiver === app.seller_id) return true;
  return isBound(alipay, app, receiver);
}

function readPart(call: Call, trade: Trade, part: Biz): SettlePart {
  const { alipay, app } = call;
  const type = optionalText(part, 'royalty_type', { max: 32 }) ?? 'transfer';
  if (type !== 'transfer' && type !== 'replenish') {
    throw invalidField('royalty_type (transfer, replenish)');
  }
  const side = type === 'transfer' ? 'trans_in' : 'trans_out';
  const account = requiredText(part, side, { max: 150 });
  const account_type = typed(part, `${side}_type`);
  const receiver = receiverBehind(alipay, app, { type: account_type, account });
  if (receiver === undefined) throw new GatewayRefusal('ACQ.USER_NOT_EXIST');
  const allowed =
    type === 'transfer'
      ? mayReceive(alipay, app, trade, receiver)
      : trade.sub_merchant !== null && receiver === app.seller_id;
  if (!allowed) throw new GatewayRefusal('ACQ.ROYALTY_RECEIVER_INVALID');
  const now = alipay.options.clock.now();
  return {
    detail_id: newSerial('detail', alipay.options.random, now),
    type,
    account,
    account_type,
    receiver,
    amount: requiredAmount(part, 'amount'),
    state: 'PROCESSING',
    error_code: null,
    returned: 0n,
  };
}

function modeOf(biz: Biz): 'sync' | 'async' {
  const text = optionalText(biz, 'royalty_mode', { max: 64 }) ?? 'sync';
  if (text !== 'sync' && text !== 'async') throw invalidField('royalty_mode (sync, async)');
  return text;
}

function checkState(trade: Trade): void {
  if (trade.paid_at === null) throw new GatewayRefusal('ACQ.TRADE_STATUS_ERROR');
  const over = trade.hold && trade.release_at === null;
  if (trade.status !== 'TRADE_SUCCESS' || isUnconfirmed(trade) || over) {
    const why = isUnconfirmed(trade)
      ? '尚未确认结算 (confirm the settlement first)'
      : '交易已完结、已退款或冻结资金已解冻 (nothing is left to settle)';
    throw new GatewayRefusal('ACQ.ILLEGAL_SETTLE_STATE', `交易状态不允许分账：${why}`);
  }
}

function checkLimits(before: readonly Settlement[], mode: 'sync' | 'async', lines: number): void {
  const splits = before.filter(({ parts }) => parts.length > 0);
  if (splits.some((settlement) => settlement.mode !== mode)) {
    throw invalidField('royalty_mode 同一笔交易不能混用 (sync and async cannot be mixed)');
  }
  const limit = LIMITS[mode];
  if (splits.length >= limit.requests) throw invalidField(`分账次数超过${limit.requests}次`);
  if (lines > limit.receivers) throw invalidField(`royalty_parameters 最多${limit.receivers}条`);
}

function checkAmounts(alipay: Alipay, trade: Trade, parts: readonly SettlePart[]): void {
  const total = parts.reduce(
    (sum, { type, amount }) => sum + (type === 'transfer' ? amount : 0n),
    0n,
  );
  const percent = BigInt(ratioOf(alipay, trade.seller_id));
  const cap = (trade.amount * percent) / 100n - settledOf(alipay, trade);
  if (total > cap || total > unsettledOf(alipay, trade)) {
    throw new GatewayRefusal('ACQ.ALLOC_AMOUNT_VALIDATE_ERROR');
  }
}

function digestOf(biz: Biz): string {
  const { royalty_parameters, royalty_mode, extend_params } = biz;
  const text = JSON.stringify([royalty_parameters ?? [], royalty_mode ?? 'sync', extend_params]);
  return createHash('sha256').update(text).digest('hex');
}

function answerOf(settlement: Settlement): Record<string, unknown> {
  return { trade_no: settlement.trade_no, settle_no: settlement.settle_no };
}

export function tradeNamed(call: Call): Trade {
  const trade_no = requiredText(call.biz, 'trade_no', { max: 64 });
  const trade = tradeOf(call.alipay, call.app, { trade_no, out_trade_no: undefined });
  if (!trade) throw new GatewayRefusal('ACQ.TRADE_NOT_EXIST');
  return trade;
}

export function orderSettle(call: Call): Record<string, unknown> {
  const { alipay, app, biz } = call;
  const out_request_no = requiredText(biz, 'out_request_no', NUMBER);
  const trade = tradeNamed(call);
  const before = alipay.royalty.by_trade.get(trade.trade_no ?? '') ?? [];
  const digest = digestOf(biz);
  const same = before.find((settlement) => settlement.out_request_no === out_request_no);
  if (same) {
    if (same.digest !== digest) throw new GatewayRefusal('ACQ.DISCORDANT_REPEAT_REQUEST');
    return answerOf(same);
  }
  const mode = modeOf(biz);
  const finish = isTrue(fieldsOf(biz, 'extend_params')?.['royalty_finish']);
  const lines = listOf(biz, 'royalty_parameters');
  if (lines.length === 0 && !finish) throw invalidField('royalty_parameters 不能为空');
  checkState(trade);
  if (lines.length === 0 && !trade.hold) throw new GatewayRefusal('ACQ.ILLEGAL_SETTLE_STATE');
  checkLimits(lines.length === 0 ? [] : before, mode, lines.length);
  const parts = lines.map((line) => readPart(call, trade, line));
  checkAmounts(alipay, trade, parts);
  const now = alipay.options.clock.now();
  const settlement: Settlement = {
    settle_no: newSerial('settle', alipay.options.random, now),
    app_id: app.app_id,
    trade_no: trade.trade_no ?? '',
    out_request_no,
    digest,
    mode,
    finish,
    at: now.getTime(),
    parts,
    due_at: mode === 'async' && parts.length > 0 ? now.getTime() + ASYNC_DELAY_MS : null,
    done_at: null,
  };
  if (settlement.due_at === null) {
    if (parts.length > 0) checkFunds(alipay, trade, settlement);
    carryOut(alipay, settlement);
  }
  keepSettlement(alipay.royalty, settlement);
  scheduleSettlement(alipay, settlement);
  return answerOf(settlement);
}

/** https://opendocs.alipay.com/open/9ef980b7_alipay.trade.order.settle.query */
export function settleQuery(call: Call): Record<string, unknown> {
  const { alipay, app, biz } = call;
  const settle_no = optionalText(biz, 'settle_no', { max: 64 });
  const named =
    settle_no === undefined
      ? (alipay.royalty.by_trade.get(requiredText(biz, 'trade_no', { max: 64 })) ?? []).find(
          (known) => known.out_request_no === requiredText(biz, 'out_request_no', NUMBER),
        )
      : alipay.royalty.settlements.get(settle_no);
  const own = named && alipay.by_trade_no.get(named.trade_no)?.seller_id === app.seller_id;
  if (!named || !own) throw new GatewayRefusal('ACQ.TRADE_NOT_EXIST', '分账请求不存在');
  return detailsOf(named);
}

/** https://opendocs.alipay.com/open/d87dc009_alipay.trade.order.onsettle.query */
export function onsettleQuery(call: Call): Record<string, unknown> {
  const trade = tradeNamed(call);
  return { unsettled_amount: toYuan(unsettledOf(call.alipay, trade)) };
}
