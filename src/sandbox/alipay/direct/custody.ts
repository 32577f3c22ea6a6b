import { toYuan } from '../../../money.ts';
import { type Biz, GatewayRefusal, optionalText, requiredAmount } from '../api/biz.ts';
import type { Alipay, App, Trade } from '../books.ts';
import { fieldsOf, invalidField, isTrue, listOf } from '../trade/fields.ts';

/**
 * Who gets a trade's money and how long it is held: `sub_merchant` with `settle_info` for a seller
 * under a platform, `extend_params.royalty_freeze` for money that is to be shared.
 * https://opendocs.alipay.com/open/direct-payment/gkvknd
 */
const SETTLE_TARGETS = ['cardAliasNo', 'userId', 'loginName', 'defaultSettle'];
const DAY_MS = 86_400_000;
const MAX_PERIOD_DAYS = 365;

type Custody = Pick<Trade, 'sub_merchant' | 'hold' | 'settle_period_ms'>;

/** Exactly one line that names where the money goes, over the whole amount. */
export function checkSettleInfo(settle: Biz, amount: bigint): void {
  const lines = listOf(settle, 'settle_detail_infos');
  const [line] = lines;
  if (lines.length !== 1 || !line) throw invalidField('settle_detail_infos 必须有且仅有一条');
  const type = optionalText(line, 'trans_in_type', { max: 64 });
  if (type === undefined || !SETTLE_TARGETS.includes(type)) {
    throw invalidField(`trans_in_type (${SETTLE_TARGETS.join(', ')})`);
  }
  if (type !== 'defaultSettle' && optionalText(line, 'trans_in', { max: 64 }) === undefined) {
    throw invalidField('trans_in 不能为空 (needed unless trans_in_type is defaultSettle)');
  }
  if (requiredAmount(line, 'amount') !== amount) {
    throw invalidField(`settle_detail_infos.amount 须等于 ${toYuan(amount)}`);
  }
}

function periodOf(settle: Biz): number | null {
  const text = optionalText(settle, 'settle_period_time', { max: 10 });
  if (text === undefined) return null;
  const days = Number(/^(\d{1,3})d$/.exec(text)?.[1] ?? 0);
  if (days < 1 || days > MAX_PERIOD_DAYS) throw invalidField('settle_period_time (1d–365d)');
  return days * DAY_MS;
}

export function custodyOf(alipay: Alipay, app: App, biz: Biz, amount: bigint): Custody {
  const freeze = isTrue(fieldsOf(biz, 'extend_params')?.['royalty_freeze']);
  const sub = fieldsOf(biz, 'sub_merchant');
  const settle = fieldsOf(biz, 'settle_info');
  if (!sub) {
    if (settle) throw invalidField('settle_info 仅用于直付通二级商户 (needs sub_merchant)');
    return { sub_merchant: null, hold: freeze, settle_period_ms: null };
  }
  const smid = optionalText(sub, 'merchant_id', { max: 32 });
  if (smid === undefined) {
    throw new GatewayRefusal('ACQ.PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID');
  }
  const seller = alipay.direct.sellers.get(smid);
  if (!seller) throw new GatewayRefusal('ACQ.SECONDARY_MERCHANT_ID_INVALID');
  if (seller.platform !== app.seller_id) {
    throw new GatewayRefusal('ACQ.SECONDARY_MERCHANT_NOT_MATCH');
  }
  if (!settle) throw invalidField('settle_info 不能为空 (direct payment needs it)');
  checkSettleInfo(settle, amount);
  const settle_period_ms = periodOf(settle);
  return { sub_merchant: smid, hold: freeze || settle_period_ms !== null, settle_period_ms };
}
