import { toYuan } from '../../money.ts';
import { type ConfirmOutcome, PhoneRefusal, type ScannedCode } from '../sandbox.ts';
import { GatewayRefusal } from './api/biz.ts';
import { openPageCall } from './api/gateway.ts';
import { type Alipay, balanceOf, current, isStale, saveTrade, type Trade } from './books.ts';
import { creditPayment } from './money.ts';
import { notifyTrade } from './notices.ts';
import { newSecret } from './numbers.ts';
import { createTrade, tokenOfCode } from './trade/orders.ts';

/** What the payer does, whether on the phone, at the cashier or inside the wallet's browser. */
const MAX_SCANS = 10_000;
const SCAN_LIFE_MS = 15 * 60_000;

interface Scan {
  readonly person: string;
  readonly trade: Trade;
  readonly expires_at: number;
}

/** Scans live in memory only: a restarted wallet asks its user to scan again. */
export class Payers {
  readonly #alipay: Alipay;
  readonly #scans = new Map<string, Scan>();

  constructor(alipay: Alipay) {
    this.#alipay = alipay;
  }

  async scan(person: string, code: string): Promise<ScannedCode> {
    const alipay = this.#alipay;
    const trade = tradeBehind(alipay, code.trim());
    if (!trade) throw new PhoneRefusal('unknown_code');
    takeUp(alipay, trade, person);
    const id = newSecret();
    const expires_at = alipay.options.clock.now().getTime() + SCAN_LIFE_MS;
    this.#scans.set(id, { person, trade, expires_at });
    const oldest = this.#scans.keys().next().value;
    if (this.#scans.size > MAX_SCANS && oldest !== undefined) this.#scans.delete(oldest);
    await alipay.options.store.committed();
    return {
      id,
      payee: payeeOf(alipay, trade).zh,
      amount: trade.amount,
      currency: 'CNY',
      description: trade.subject,
    };
  }

  async confirm(id: string, outcome: ConfirmOutcome): Promise<{ state: 'paid' | 'cancelled' }> {
    const alipay = this.#alipay;
    const scan = this.#scans.get(id);
    if (!scan || alipay.options.clock.now().getTime() >= scan.expires_at) {
      throw new PhoneRefusal('scan_expired');
    }
    if (outcome === 'wrong_password') throw new PhoneRefusal('wrong_password');
    this.#scans.delete(id);
    if (outcome === 'cancel') return { state: 'cancelled' };
    pay(alipay, scan.trade, scan.person);
    await alipay.options.store.committed();
    return { state: 'paid' };
  }
}

export function payeeOf(
  alipay: Alipay,
  trade: Trade,
): { readonly zh: string; readonly en: string } {
  return alipay.apps.get(trade.app_id)?.payee ?? { zh: '商户', en: 'Merchant' };
}

/** Order code, cashier link, signed page URL or trade number: whatever a phone may be shown. */
function tradeBehind(alipay: Alipay, code: string): Trade | undefined {
  if (/^\d{28}$/.test(code)) return alipay.by_trade_no.get(code);
  const token = tokenOfCode(code);
  if (token !== undefined) return alipay.by_token.get(token);
  if (!URL.canParse(code)) return undefined;
  const url = new URL(code);
  if (url.pathname.startsWith('/cashier/')) return alipay.by_token.get(url.pathname.slice(9));
  if (url.pathname !== '/gateway.do') return undefined;
  try {
    return openPageCall(alipay, url.search.slice(1), '');
  } catch (error) {
    if (!(error instanceof GatewayRefusal)) throw error;
    if (error.sub_code === 'ACQ.TRADE_HAS_SUCCESS') throw new PhoneRefusal('order_paid');
    if (error.sub_code === 'ACQ.TRADE_HAS_CLOSE') throw new PhoneRefusal('order_closed');
    return undefined;
  }
}

function checkOpen(alipay: Alipay, trade: Trade): void {
  current(alipay, trade);
  if (isStale(alipay, trade)) throw new PhoneRefusal('code_expired');
  switch (trade.status) {
    case 'NOT_CREATED':
    case 'WAIT_BUYER_PAY':
      return;
    case 'TRADE_CLOSED':
      throw new PhoneRefusal(trade.paid_at === null ? 'order_closed' : 'order_paid');
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      throw new PhoneRefusal('order_paid');
    default:
      trade.status satisfies never;
  }
}

/** A person scans or logs in: the first one becomes the buyer and brings the trade into being. */
export function takeUp(alipay: Alipay, trade: Trade, person: string): void {
  if (!alipay.buyers.has(person)) throw new PhoneRefusal('unknown_code');
  checkOpen(alipay, trade);
  if (trade.buyer !== null && trade.buyer !== person) throw new PhoneRefusal('other_payer');
  createTrade(alipay, trade, person);
}

/** Moves the money and tells the merchant; final. */
export function pay(alipay: Alipay, trade: Trade, person: string): void {
  takeUp(alipay, trade, person);
  const balance = balanceOf(alipay, person);
  if (balance < trade.amount) throw new PhoneRefusal('insufficient_balance');
  alipay.balances.put(person, { amount: balance - trade.amount });
  trade.status = 'TRADE_SUCCESS';
  trade.paid_at = alipay.options.clock.now().getTime();
  creditPayment(alipay, trade);
  saveTrade(alipay, trade);
  notifyTrade(alipay, trade);
}

export function priceOf(trade: Trade): string {
  return `¥${toYuan(trade.amount)}`;
}
