import { randomBytes } from 'node:crypto';
import { type BridgeCall, verifyBridgeCall } from '../../protocols/wechat-pay/bridge.ts';
import { isWireObject, parseWireObject, textField } from '../../protocols/wechat-pay/messages.ts';
import { type ConfirmOutcome, PhoneRefusal, type ScannedCode } from '../sandbox.ts';
import type { OrderRecord } from './books.ts';
import type { SandboxContext } from './context.ts';
import { creditPayment } from './money.ts';
import { newTransactionId } from './numbers.ts';
import { CODE_LIFE_MS, expire, H5_LIFE_MS } from './orders/orders.ts';
import { transactionMessage } from './orders/transaction-message.ts';

/**
 * The payer's side: a code is scanned, a link opened or the in-page call made, which gives a scan;
 * the scan is then confirmed or cancelled. Scans live in memory, ten minutes of real time.
 */
interface Scan {
  readonly order: OrderRecord;
  readonly person: string;
  readonly prepay_id: string;
  readonly at: number;
}

const SCAN_LIFE_MS = 10 * 60_000;
const MAX_SCANS = 10_000;
const NATIVE_CODE = /^weixin:\/\/wxpay\/bizpayurl\?pr=([0-9A-Za-z]{1,32})$/;

export class Payer {
  readonly #context: SandboxContext;
  readonly #scans = new Map<string, Scan>();

  constructor(context: SandboxContext) {
    this.#context = context;
  }

  /**
   * `code` is a Native code, an h5 link, or (as JSON text) the parameters of the in-page call.
   * Throws PhoneRefusal.
   */
  scan(person: string, code: string): ScannedCode {
    const text = code.trim();
    if (text.startsWith('{')) {
      const call = parseBridgeCall(parseWireObject(text));
      const order = call && this.orderOfCall(call);
      if (!order) throw new PhoneRefusal('unknown_code');
      return this.open(person, order);
    }
    const token = NATIVE_CODE.exec(text)?.[1];
    if (token === undefined) return this.open(person, this.#orderOfLink(text));
    const order = this.#context.books.orderOfToken(token);
    if (!order || order.kind !== 'native') throw new PhoneRefusal('unknown_code');
    if (order.token !== token) throw new PhoneRefusal('code_expired');
    return this.open(person, order);
  }

  #orderOfLink(text: string): OrderRecord {
    if (!URL.canParse(text)) throw new PhoneRefusal('unknown_code');
    const { searchParams } = new URL(text);
    return this.orderOfH5({
      prepay_id: searchParams.get('prepay_id') ?? '',
      token: searchParams.get('package') ?? '',
    });
  }

  /** The order behind an h5 link; throws PhoneRefusal. */
  orderOfH5(link: { prepay_id: string; token: string }): OrderRecord {
    const order = this.#context.books.orderOfPrepay(link.prepay_id);
    if (!order || order.kind !== 'h5') throw new PhoneRefusal('unknown_code');
    const voided = order.prepay_id !== link.prepay_id;
    if ((voided ? order.voided_token : order.token) !== link.token) {
      throw new PhoneRefusal('unknown_code');
    }
    if (voided) throw new PhoneRefusal('code_expired');
    return order;
  }

  /** The order of an in-page call whose `paySign` is right; undefined otherwise. */
  orderOfCall(call: BridgeCall): OrderRecord | undefined {
    const prepay_id = /^prepay_id=(wx[0-9a-z]{34})$/.exec(call.package)?.[1] ?? '';
    const order = this.#context.books.orderOfPrepay(prepay_id);
    const merchant = order && this.#context.merchants.get(order.mchid);
    if (!order || !merchant || order.kind !== 'jsapi') return undefined;
    if (call.appId !== order.appid) return undefined;
    if (!verifyBridgeCall(merchant.verify_key, call)) return undefined;
    return order.prepay_id === prepay_id ? order : undefined;
  }

  /** Starts a scan of this order by this person; throws PhoneRefusal. */
  open(person: string, order: OrderRecord): ScannedCode {
    if (!this.#context.people.some(({ id }) => id === person)) {
      throw new PhoneRefusal('unknown_code');
    }
    this.#checkPayable(order, person);
    const id = randomBytes(16).toString('hex');
    const at = this.#context.clock.real().getTime();
    this.#forgetOld(at);
    this.#scans.set(id, { order, person, prepay_id: order.prepay_id, at });
    return {
      id,
      payee: this.#context.merchants.get(order.mchid)?.name ?? order.mchid,
      amount: order.total,
      currency: 'CNY',
      description: order.description,
    };
  }

  /** Throws PhoneRefusal; a wrong password leaves the scan open for another try. */
  async confirm(scanId: string, outcome: ConfirmOutcome): Promise<{ state: 'paid' | 'cancelled' }> {
    const scan = this.#scans.get(scanId);
    const real = this.#context.clock.real().getTime();
    if (!scan || real - scan.at > SCAN_LIFE_MS) throw new PhoneRefusal('scan_expired');
    if (outcome === 'wrong_password') throw new PhoneRefusal('wrong_password');
    if (outcome === 'cancel') {
      this.#scans.delete(scanId);
      return { state: 'cancelled' };
    }
    const { order, person } = scan;
    if (order.prepay_id !== scan.prepay_id) throw new PhoneRefusal('code_expired');
    this.#checkPayable(order, person);
    if (this.#context.books.balance(person) < order.total) {
      throw new PhoneRefusal('insufficient_balance');
    }
    this.#scans.delete(scanId);
    this.#pay(order, person);
    await this.#context.store.committed();
    return { state: 'paid' };
  }

  #pay(order: OrderRecord, person: string): void {
    const { books, clock, merchants, notices } = this.#context;
    const now = clock.now();
    const merchant = merchants.get(order.mchid);
    const openid = merchant ? this.#context.openid(person, merchant) : '';
    let transaction_id = newTransactionId(now);
    while (books.orderOfTransaction(transaction_id)) transaction_id = newTransactionId(now);
    books.pay(order, { person, openid, transaction_id, now: now.getTime() });
    creditPayment(this.#context, order);
    books.putOrder(order);
    notices.send({
      mchid: order.mchid,
      url: order.notify_url,
      event_type: 'TRANSACTION.SUCCESS',
      content: transactionMessage(order),
    });
  }

  #checkPayable(order: OrderRecord, person: string): void {
    const { clock } = this.#context;
    expire(this.#context, order);
    if (order.state === 'CLOSED') throw new PhoneRefusal('order_closed');
    if (order.paid_at !== null) throw new PhoneRefusal('order_paid');
    const life = order.kind === 'h5' ? H5_LIFE_MS : CODE_LIFE_MS;
    if (clock.now().getTime() >= order.prepared_at + life) throw new PhoneRefusal('code_expired');
    if (order.payer_openid === null) return;
    const owner = this.#context.personOf(order.payer_openid);
    if (owner?.person !== person) throw new PhoneRefusal('other_payer');
  }

  #forgetOld(now: number): void {
    for (const [id, scan] of this.#scans) {
      if (now - scan.at <= SCAN_LIFE_MS && this.#scans.size < MAX_SCANS) return;
      this.#scans.delete(id);
    }
  }
}

/** Undefined when a parameter of the call is missing. */
export function parseBridgeCall(value: unknown): BridgeCall | undefined {
  if (!isWireObject(value)) return undefined;
  const appId = textField(value, 'appId');
  const timeStamp = textField(value, 'timeStamp');
  const nonceStr = textField(value, 'nonceStr');
  const packageText = textField(value, 'package');
  const paySign = textField(value, 'paySign');
  if (!appId || !timeStamp || !nonceStr || !packageText || !paySign) return undefined;
  if (value.signType !== 'RSA') return undefined;
  return { appId, timeStamp, nonceStr, package: packageText, signType: 'RSA', paySign };
}
