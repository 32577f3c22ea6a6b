import { PhoneRefusal } from '../../sandbox.ts';
import { type Alipay, balanceOf, saveTrade, type Trade } from '../books.ts';
import { creditPayment } from '../money.ts';
import { notifyTrade } from '../notices.ts';
import { holdFrom } from '../royalty/hold.ts';
import { buyerPaid, couponsFor, useCoupons } from './discounts.ts';

/** Money moves from the payer to the seller: one order, or several together or not at all. */
function settlePaid(alipay: Alipay, trade: Trade, at: number): void {
  trade.status = 'TRADE_SUCCESS';
  trade.prompting = false;
  trade.paid_at = at;
  creditPayment(alipay, trade);
  if (trade.hold) holdFrom(alipay, trade, at);
  saveTrade(alipay, trade);
  notifyTrade(alipay, trade);
}

/** Final; throws PhoneRefusal('insufficient_balance') and changes nothing. */
export function payTogether(alipay: Alipay, trades: readonly Trade[], person: string): void {
  const [single] = trades;
  // Coupons are for single orders: of several, none says which part they would be for.
  const coupons = single && trades.length === 1 ? couponsFor(alipay, single, person) : [];
  const total = trades.reduce((sum, { amount }) => sum + amount, 0n);
  const due = coupons.reduce((rest, { amount }) => rest - amount, total);
  const balance = balanceOf(alipay, person);
  const short = alipay.options.faults.strikes('payer_short', { amount: total });
  if (short || balance < due) throw new PhoneRefusal('insufficient_balance');
  if (single && coupons.length > 0) useCoupons(alipay, single, coupons);
  const at = alipay.options.clock.now().getTime();
  let left = balance;
  for (const trade of trades) {
    left -= buyerPaid(trade);
    settlePaid(alipay, trade, at);
  }
  alipay.balances.put(person, { amount: left });
}
