import { PhoneRefusal } from '../../sandbox.ts';
import { combinedMessage } from '../combined/message.ts';
import type { SandboxContext } from '../context.ts';
import { creditPayment } from '../money.ts';
import { newTransactionId } from '../numbers.ts';
import { payerTotal } from './amounts.ts';
import { isCombined, type OrderRecord, type Payable, type UsedCoupon } from './records.ts';
import { transactionMessage } from './transaction-message.ts';

/**
 * The moment of payment, for one order or for all parts of a combined one at once. The notice says
 * what is true then. Throws a PhoneRefusal and changes nothing when the person has too little.
 */
export function payNow(context: SandboxContext, payable: Payable, person: string): void {
  const { books } = context;
  const plan = planOf(context, books.partsOf(payable), person);
  const due = plan.reduce((sum, { order, coupon }) => sum + payerTotal({ ...order, coupon }), 0n);
  const total = plan.reduce((sum, { order }) => sum + order.total, 0n);
  const occasion = { operation: operationOf(payable), amount: total };
  if (context.faults.strikes('payer_short', occasion) || books.balance(person) < due) {
    throw new PhoneRefusal('insufficient_balance');
  }
  for (const { order, coupon } of plan) payOrder(context, order, { person, coupon });
  if (isCombined(payable)) {
    const now = context.clock.now();
    payable.state = 'SUCCESS';
    payable.person = person;
    payable.openid = plan[0]?.order.openid ?? null;
    payable.transaction_id = unusedTransactionId(context, now);
    payable.paid_at = now.getTime();
    books.combined.put(payable);
  }
  notify(context, payable);
}

function operationOf({ kind }: Payable): string {
  return kind === 'codepay' ? 'pay.codepay' : `pay.${kind}`;
}

/** One coupon for each order, none twice. */
function planOf(context: SandboxContext, orders: readonly OrderRecord[], person: string) {
  const taken = new Set<UsedCoupon>();
  return orders.map((order) => {
    const coupon = context.coupons.choose(person, order.total, taken);
    if (coupon) taken.add(coupon);
    return { order, coupon };
  });
}

function payOrder(
  context: SandboxContext,
  order: OrderRecord,
  by: { person: string; coupon: UsedCoupon | null },
): void {
  const { books, clock, coupons, merchants } = context;
  const { person, coupon } = by;
  const now = clock.now();
  const merchant = merchants.get(order.mchid);
  books.pay(order, {
    person,
    openid: merchant ? context.openid(person, { ...merchant, appid: order.appid }) : '',
    sub_openid:
      merchant && order.sub_appid !== null
        ? context.openid(person, { ...merchant, appid: order.sub_appid })
        : null,
    transaction_id: unusedTransactionId(context, now),
    coupon,
    now: now.getTime(),
  });
  if (coupon) coupons.use(person, coupon);
  creditPayment(context, order);
  books.putOrder(order);
}

function unusedTransactionId({ books, random }: SandboxContext, now: Date): string {
  for (;;) {
    const id = newTransactionId(random, now);
    if (!books.orderOfTransaction(id) && !books.combined.ofTransaction(id)) return id;
  }
}

/** Charges by payer code have no address for notices: the merchant asks. */
function notify(context: SandboxContext, payable: Payable): void {
  if (payable.notify_url === '') return;
  const { mchid, notify_url } = payable;
  const content = isCombined(payable)
    ? combinedMessage(context, payable)
    : transactionMessage(payable);
  context.notices.send({ mchid, url: notify_url, event_type: 'TRANSACTION.SUCCESS', content });
}
