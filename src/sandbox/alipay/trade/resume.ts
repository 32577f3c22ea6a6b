import type { Alipay } from '../books.ts';
import { scheduleReview, seedSellers } from '../direct/review.ts';
import { scheduleArrival } from '../refunds/money.ts';
import { scheduleSettlement } from '../royalty/carry-out.ts';
import { scheduleRelease } from '../royalty/hold.ts';

/** At the start: what the wallet had still to do goes on the agenda again. */
export function resume(alipay: Alipay): void {
  seedSellers(alipay);
  for (const trade of alipay.trades.values()) {
    if (trade.prompting) alipay.payer_codes.prompting.set(trade.token, trade);
    scheduleRelease(alipay, trade);
    for (const refund of trade.refunds) scheduleArrival(alipay, trade, refund);
  }
  for (const settlement of alipay.royalty.settlements.values()) {
    scheduleSettlement(alipay, settlement);
  }
  for (const application of alipay.direct.applications.values()) {
    scheduleReview(alipay, application);
  }
}
