import { parseWireObject } from '../../protocols/wechat-pay/messages.ts';
import {
  type CodeOnScreen,
  type ConfirmOutcome,
  PhoneRefusal,
  type ScannedCode,
} from '../sandbox.ts';
import type { SandboxContext } from './context.ts';
import { orderOfAppCall, orderOfBridgeCall } from './orders/client-calls.ts';
import { codeUrl, expire, isStale } from './orders/lives.ts';
import { payNow } from './orders/pay.ts';
import { isCombined, type OrderRecord, type Payable } from './orders/records.ts';

/**
 * The payer's side: a code is scanned, a link opened or the in-page call made, which gives a scan;
 * the scan is then confirmed or cancelled. Scans live in memory, ten minutes of real time.
 */
interface Scan {
  readonly payable: Payable;
  readonly person: string;
  readonly prepay_id: string;
  readonly at: number;
}

const SCAN_LIFE_MS = 10 * 60_000;
const MAX_SCANS = 10_000;
const MAX_ON_SCREEN = 20;
/** Orders looked at for codes on screen; what is older is no longer shown anywhere. */
const RECENT_ORDERS = 500;
const NATIVE_CODE = /^weixin:\/\/wxpay\/bizpayurl\?pr=([0-9A-Za-z]{1,32})$/;

export class Payer {
  readonly #context: SandboxContext;
  readonly #scans = new Map<string, Scan>();

  constructor(context: SandboxContext) {
    this.#context = context;
  }

  /**
   * `code` is a Native code, an h5 link, or (as JSON text) the parameters of the in-page call, of
   * a mini program's call or of the App SDK's. Throws PhoneRefusal.
   */
  scan(person: string, code: string): ScannedCode {
    const text = code.trim();
    if (text.startsWith('{')) {
      const call = parseWireObject(text) ?? {};
      const payable = orderOfBridgeCall(this.#context, call) ?? orderOfAppCall(this.#context, call);
      if (!payable) throw new PhoneRefusal('unknown_code');
      return this.open(person, payable);
    }
    const token = NATIVE_CODE.exec(text)?.[1];
    if (token === undefined) return this.open(person, this.#orderOfLink(text));
    const payable = this.#context.books.prepared.ofToken(token);
    if (payable?.kind !== 'native') throw new PhoneRefusal('unknown_code');
    if (payable.token !== token) throw new PhoneRefusal('code_expired');
    return this.open(person, payable);
  }

  #orderOfLink(text: string): Payable {
    if (!URL.canParse(text)) throw new PhoneRefusal('unknown_code');
    const { searchParams } = new URL(text);
    return this.orderOfH5({
      prepay_id: searchParams.get('prepay_id') ?? '',
      token: searchParams.get('package') ?? '',
    });
  }

  /** The order behind an h5 link; throws PhoneRefusal. */
  orderOfH5(link: { prepay_id: string; token: string }): Payable {
    const payable = this.#context.books.prepared.ofPrepay(link.prepay_id);
    if (payable?.kind !== 'h5') throw new PhoneRefusal('unknown_code');
    const voided = payable.prepay_id !== link.prepay_id;
    if ((voided ? payable.voided_token : payable.token) !== link.token) {
      throw new PhoneRefusal('unknown_code');
    }
    if (voided) throw new PhoneRefusal('code_expired');
    return payable;
  }

  /** Starts a scan of this order by this person; throws PhoneRefusal. */
  open(person: string, payable: Payable): ScannedCode {
    if (!this.#context.people.some(({ id }) => id === person)) {
      throw new PhoneRefusal('unknown_code');
    }
    this.#checkPayable(payable, person);
    const id = this.#context.random.bytes(16).toString('hex');
    const at = this.#context.clock.real().getTime();
    this.#forgetOld(at);
    this.#scans.set(id, { payable, person, prepay_id: payable.prepay_id, at });
    return { id, currency: 'CNY', ...this.#shown(payable) };
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
    const { payable, person } = scan;
    if (payable.prepay_id !== scan.prepay_id) throw new PhoneRefusal('code_expired');
    this.#checkPayable(payable, person);
    payNow(this.#context, payable, person);
    this.#scans.delete(scanId);
    await this.#context.store.committed();
    return { state: 'paid' };
  }

  /** Native codes that nobody has paid yet, newest first. */
  codesOnScreen(): readonly CodeOnScreen[] {
    const { books } = this.#context;
    const found = new Set<Payable>();
    for (const order of books.newest(RECENT_ORDERS)) {
      if (found.size === MAX_ON_SCREEN) break;
      const payable = this.#whole(order);
      if (payable?.kind !== 'native' || payable.state !== 'NOTPAY') continue;
      expire(this.#context, payable);
      if (payable.state === 'NOTPAY' && !isStale(this.#context, payable)) found.add(payable);
    }
    return [...found].map((payable) => ({ code: codeUrl(payable), ...this.#shown(payable) }));
  }

  /** The order itself, or the combined order it is a part of. */
  #whole(order: OrderRecord): Payable | undefined {
    if (!order.combine_out_trade_no) return order;
    return this.#context.books.combined.get(order.mchid, order.combine_out_trade_no);
  }

  #shown(payable: Payable): { payee: string; amount: bigint; description: string } {
    const parts = this.#context.books.partsOf(payable);
    const [first] = parts;
    const payee = first ? payeeName(this.#context, first) : payable.mchid;
    const description = first?.description ?? '';
    const amount = parts.reduce((sum, { total }) => sum + total, 0n);
    if (!isCombined(payable)) return { payee, amount, description };
    const count = `等${parts.length}单`;
    return { payee: `${payee}${count}`, amount, description: `${description}${count}` };
  }

  #checkPayable(payable: Payable, person: string): void {
    expire(this.#context, payable);
    if (payable.state === 'CLOSED') throw new PhoneRefusal('order_closed');
    if (payable.paid_at !== null) throw new PhoneRefusal('order_paid');
    if (isStale(this.#context, payable)) throw new PhoneRefusal('code_expired');
    if (payable.payer_openid === null) return;
    const owner = this.#context.personOf(payable.payer_openid);
    if (owner?.person !== person) throw new PhoneRefusal('other_payer');
  }

  #forgetOld(now: number): void {
    for (const [id, scan] of this.#scans) {
      if (now - scan.at <= SCAN_LIFE_MS && this.#scans.size < MAX_SCANS) return;
      this.#scans.delete(id);
    }
  }
}

/** The name payers see: the seller's, where it is not the merchant itself. */
export function payeeName(context: SandboxContext, order: OrderRecord): string {
  const { mchid, sub_mchid } = order;
  const seller = sub_mchid === null ? undefined : context.sub_merchants.get(sub_mchid);
  return seller?.name ?? context.merchants.get(mchid)?.name ?? mchid;
}
