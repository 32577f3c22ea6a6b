import { shareHalfUp } from '../../../src/money.ts';
import type { Merchant } from '../roles.ts';
import type { Fees, Holder } from './books.ts';
import type { Desk } from './business.ts';

/** The fees that all wallets take, where there is no bill that says them. */
export function feesByRule({ journal }: Desk, merchants: readonly Merchant[]): Fees {
  const fees: Fees = new Map();
  const known = new Map<string, { amount: bigint; fee: bigint; back: bigint; given: bigint }>();
  for (const { role } of merchants) {
    for (const { wallet_reference, amount } of journal.payments(role)) {
      const fee = shareHalfUp(amount, 600n, 100_000n);
      fees.set(`${wallet_reference} payment`, fee);
      known.set(wallet_reference, { amount, fee, back: 0n, given: 0n });
    }
    for (const { wallet_reference, refund_reference = 'refund', amount } of journal.refunds(role)) {
      const sold = known.get(wallet_reference);
      if (!sold) continue;
      sold.back += amount;
      const due = sold.back === sold.amount ? sold.fee : (sold.fee * sold.back) / sold.amount;
      fees.set(`${wallet_reference} ${refund_reference}`, sold.given - due);
      sold.given = due;
    }
  }
  return fees;
}

/** What the journal and the fees of the bills say must be on this account. */
export function dueTo(desk: Desk, holder: Pick<Holder, 'number'>, fees: Fees): bigint {
  const { events, erased } = desk.journal;
  const feeOf = (reference: string, what: string) => fees.get(`${reference} ${what}`) ?? 0n;
  let due = 0n;
  for (const event of events) {
    const { wallet_reference, amount } = event;
    if (erased.has(wallet_reference)) continue;
    const mine = event.holder === holder.number;
    if (event.kind === 'payment' && mine) {
      due += amount - event.own_coupons - feeOf(wallet_reference, 'payment');
    } else if (event.kind === 'refund' && mine) {
      due -=
        amount - event.own_coupons + feeOf(wallet_reference, event.refund_reference ?? 'refund');
    } else if (event.kind === 'split' || event.kind === 'split_return') {
      const way = event.kind === 'split' ? amount : -amount;
      if (mine) due -= way;
      if (event.receiver === holder.number) due += way;
    } else if (event.kind === 'payout' && mine && desk.stage.wallet.name === 'alipay') {
      due -= amount;
    }
  }
  return due;
}
