import { toYuan } from '../../../money.ts';
import { GatewayRefusal, requiredText } from '../api/biz.ts';
import { saveTrade } from '../books.ts';
import { holdFrom, releaseHeld } from '../royalty/hold.ts';
import { tradeNamed } from '../royalty/settle.ts';
import { fieldsOf, invalidField, isTrue } from '../trade/fields.ts';
import type { Call } from '../trade/orders.ts';
import { checkSettleInfo } from './custody.ts';

/**
 * The goods have arrived: what was held goes to the seller, or stays frozen for splits. Over the
 * whole amount that is left. https://opendocs.alipay.com/solution/5cd4703e_alipay.trade.settle.confirm
 */
const NUMBER = { max: 64, pattern: /^[A-Za-z0-9_]+$/ } as const;

export function settleConfirm(call: Call): Record<string, unknown> {
  const { alipay, biz } = call;
  const out_request_no = requiredText(biz, 'out_request_no', NUMBER);
  const trade = tradeNamed(call);
  const left = trade.amount - trade.refunded;
  const { confirm } = trade;
  if (confirm) {
    if (confirm.out_request_no !== out_request_no) {
      throw new GatewayRefusal('ACQ.ILLEGAL_SETTLE_STATE', '交易已确认结算 (confirmed before)');
    }
    return { out_request_no, trade_no: trade.trade_no, settle_amount: toYuan(confirm.amount) };
  }
  if (trade.paid_at === null) throw new GatewayRefusal('ACQ.TRADE_STATUS_ERROR');
  if (trade.status !== 'TRADE_SUCCESS' || trade.settle_period_ms === null) {
    throw new GatewayRefusal('ACQ.ILLEGAL_SETTLE_STATE');
  }
  const settle = fieldsOf(biz, 'settle_info');
  if (!settle) throw invalidField('settle_info 不能为空');
  checkSettleInfo(settle, left);
  const at = alipay.options.clock.now().getTime();
  trade.confirm = { out_request_no, amount: left, at };
  if (isTrue(fieldsOf(biz, 'extend_params')?.['royalty_freeze'])) {
    holdFrom(alipay, trade, at);
    saveTrade(alipay, trade);
  } else releaseHeld(alipay, trade);
  return { out_request_no, trade_no: trade.trade_no, settle_amount: toYuan(left) };
}
