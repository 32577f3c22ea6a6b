import { shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import type { CreateOrder } from '../../wallet.ts';

/** What every order tells the wallet, however the payer meets it. */
const MAX_SUBJECT = 256;
/** Held money waits so long for its confirmation, the longest the wallet takes. */
export const HOLD_DAYS = 365;

/** The wallet forbids these in a subject, and cuts what is longer. */
export function subjectOf(description: string): string {
  const subject = description.replace(/[/=&]/g, ' ').trim();
  return Array.from(subject).slice(0, MAX_SUBJECT).join('') || '订单';
}

type Custody = Pick<CreateOrder, 'amount' | 'sub_merchant' | 'hold'>;

/**
 * Whose money it is and whether it stays: a seller under a platform gets it when the settlement is
 * confirmed, a merchant of its own keeps it frozen for splits.
 */
export function custodyContent({ amount, sub_merchant, hold }: Custody): Record<string, unknown> {
  if (sub_merchant === undefined) {
    return hold === true ? { extend_params: { royalty_freeze: 'true' } } : {};
  }
  return {
    sub_merchant: { merchant_id: sub_merchant },
    settle_info: {
      settle_detail_infos: [{ trans_in_type: 'defaultSettle', amount: toYuan(amount) }],
      ...(hold === true && { settle_period_time: `${HOLD_DAYS}d` }),
    },
  };
}

export function orderContent(order: CreateOrder, product_code: string): Record<string, unknown> {
  return {
    out_trade_no: order.wallet_reference,
    total_amount: toYuan(order.amount),
    subject: subjectOf(order.description),
    product_code,
    time_expire: shanghaiStamp(order.expires_at),
    ...custodyContent(order),
  };
}
