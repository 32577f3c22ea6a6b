import { randomLetters } from '../random.ts';
import { type ConfirmOutcome, PhoneRefusal, type ScannedCode } from '../sandbox.ts';
import type { Order } from './books.ts';
import { expire, lifeOf, newTransactionId, transactionMessage } from './orders.ts';
import type { DouyinPay } from './wallet.ts';

/** The payer's side: a code or link is opened, which gives a scan; it is confirmed or cancelled. */
interface Scan {
  readonly order: Order;
  readonly person: string;
  readonly token: string;
  readonly at: number;
}

const SCAN_LIFE_MS = 10 * 60_000;
const MAX_SCANS = 10_000;
export const PAYEE = { zh: '胡同集市', en: 'Hutong Market' } as const;

export class Payer {
  readonly #douyin: DouyinPay;
  readonly #scans = new Map<string, Scan>();

  constructor(douyin: DouyinPay) {
    this.#douyin = douyin;
  }

  /** `code` is a code, an h5 link or (as JSON text) what an app's SDK is handed. */
  scan(person: string, code: string): ScannedCode {
    const { options } = this.#douyin;
    if (!options.people.some(({ id }) => id === person)) throw new PhoneRefusal('unknown_code');
    const order = this.orderOf(tokenIn(code.trim()));
    this.#checkPayable(order);
    const id = randomLetters(options.random, 24);
    const oldest = this.#scans.keys().next();
    if (this.#scans.size >= MAX_SCANS && !oldest.done) this.#scans.delete(oldest.value);
    const at = options.clock.real().getTime();
    this.#scans.set(id, { order, person, token: order.token, at });
    return {
      id,
      payee: PAYEE.zh,
      amount: order.total,
      currency: 'CNY',
      description: order.description,
    };
  }

  /** Throws PhoneRefusal. */
  orderOf(token: string): Order {
    const order = token === '' ? undefined : this.#douyin.books.byToken(token);
    if (!order) throw new PhoneRefusal('unknown_code');
    return order;
  }

  /** Throws PhoneRefusal; a wrong password or too little money leaves the scan open. */
  async confirm(id: string, outcome: ConfirmOutcome): Promise<{ state: 'paid' | 'cancelled' }> {
    const { books, options } = this.#douyin;
    const scan = this.#scans.get(id);
    if (!scan || options.clock.real().getTime() - scan.at > SCAN_LIFE_MS) {
      throw new PhoneRefusal('scan_expired');
    }
    if (outcome === 'wrong_password') throw new PhoneRefusal('wrong_password');
    if (outcome === 'cancel') {
      this.#scans.delete(id);
      return { state: 'cancelled' };
    }
    const { order, person } = scan;
    if (order.token !== scan.token) throw new PhoneRefusal('code_expired');
    this.#checkPayable(order);
    const occasion = { operation: 'pay', amount: order.total };
    if (books.balance(person) < order.total || options.faults.strikes('payer_short', occasion)) {
      throw new PhoneRefusal('insufficient_balance');
    }
    this.#scans.delete(id);
    this.#pay(order, person);
    await options.store.committed();
    return { state: 'paid' };
  }

  #pay(order: Order, person: string): void {
    const { books, notices, options } = this.#douyin;
    let transaction_id = newTransactionId(this.#douyin, '21000');
    while (books.byTransaction(transaction_id)) {
      transaction_id = newTransactionId(this.#douyin, '21000');
    }
    books.pay(order, { person, transaction_id, now: options.clock.now().getTime() });
    notices.send({
      url: order.notify_url,
      event_type: 'TRANSACTION.SUCCESS',
      content: transactionMessage(this.#douyin, order),
      amount: order.total,
    });
  }

  #checkPayable(order: Order): void {
    expire(this.#douyin, order);
    if (order.state === 'CLOSED') throw new PhoneRefusal('order_closed');
    if (order.paid_at !== null) throw new PhoneRefusal('order_paid');
    const now = this.#douyin.options.clock.now().getTime();
    if (now >= order.prepared_at + lifeOf(order)) throw new PhoneRefusal('code_expired');
  }
}

function tokenIn(code: string): string {
  if (code.startsWith('{')) {
    const prepay = /"prepayId"\s*:\s*"dy([0-9A-Za-z]{24})"/.exec(code)?.[1];
    return prepay ?? '';
  }
  if (!URL.canParse(code)) return '';
  return new URL(code).searchParams.get('token') ?? '';
}
