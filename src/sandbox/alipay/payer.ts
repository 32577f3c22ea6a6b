import { toYuan } from '../../money.ts';
import {
  type ConfirmOutcome,
  type PasswordPrompt,
  type PayerCode,
  PhoneRefusal,
  type ScannedCode,
} from '../sandbox.ts';
import { GatewayRefusal } from './api/biz.ts';
import { openPageCall } from './api/gateway.ts';
import { type Alipay, current, isStale, saveTrade, type Trade } from './books.ts';
import type { Merge } from './merge/book.ts';
import { mergeAt, partsOf } from './merge/merge.ts';
import { newSecret } from './numbers.ts';
import { shownCode } from './trade/codes.ts';
import { tokenOfCode } from './trade/orders.ts';
import { payTogether } from './trade/payment.ts';
import { createTrade } from './trade/place.ts';

/** What the payer does, whether on the phone, at the cashier or inside the wallet's browser. */
const MAX_SCANS = 10_000;
const SCAN_LIFE_MS = 15 * 60_000;
const APP_ORDER = /^[\w.=&%+*~-]*method=alipay\.trade\.app\.(?:merge\.)?pay[\w.=&%+*~-]*$/;

interface Scan {
  readonly person: string;
  readonly trades: readonly Trade[];
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
    const trades = tradesBehind(alipay, code.trim());
    const [first] = trades;
    if (!first) throw new PhoneRefusal('unknown_code');
    takeUpAll(alipay, trades, person);
    const id = newSecret(this.#alipay.options.random);
    const expires_at = alipay.options.clock.now().getTime() + SCAN_LIFE_MS;
    this.#scans.set(id, { person, trades, expires_at });
    const oldest = this.#scans.keys().next().value;
    if (this.#scans.size > MAX_SCANS && oldest !== undefined) this.#scans.delete(oldest);
    await alipay.options.store.committed();
    return {
      id,
      payee: payeeOf(alipay, first).zh,
      amount: trades.reduce((sum, { amount }) => sum + amount, 0n),
      currency: 'CNY',
      description: trades.length === 1 ? first.subject : `${first.subject} +${trades.length - 1}`,
    };
  }

  /** A payment that fails for want of money leaves the scan open: another try may follow. */
  async confirm(id: string, outcome: ConfirmOutcome): Promise<{ state: 'paid' | 'cancelled' }> {
    const alipay = this.#alipay;
    const scan = this.#scans.get(id);
    if (!scan || alipay.options.clock.now().getTime() >= scan.expires_at) {
      throw new PhoneRefusal('scan_expired');
    }
    if (outcome === 'wrong_password') throw new PhoneRefusal('wrong_password');
    if (outcome === 'cancel') {
      this.#scans.delete(id);
      return { state: 'cancelled' };
    }
    payAll(alipay, scan.trades, scan.person);
    this.#scans.delete(id);
    await alipay.options.store.committed();
    return { state: 'paid' };
  }

  payerCode(person: string): PayerCode {
    if (!this.#alipay.buyers.has(person)) throw new PhoneRefusal('unknown_code');
    return shownCode(this.#alipay, person);
  }

  prompts(person: string): readonly PasswordPrompt[] {
    const alipay = this.#alipay;
    const open: PasswordPrompt[] = [];
    for (const [token, trade] of alipay.payer_codes.prompting) {
      if (!current(alipay, trade).prompting) alipay.payer_codes.prompting.delete(token);
      else if (trade.buyer === person) {
        const payee = payeeOf(alipay, trade).zh;
        open.push({ id: token, payee, amount: trade.amount, description: trade.subject });
      }
    }
    return open;
  }

  async answerPrompt(
    id: string,
    outcome: ConfirmOutcome,
  ): Promise<{ state: 'paid' | 'cancelled' }> {
    const alipay = this.#alipay;
    const trade = alipay.payer_codes.prompting.get(id);
    if (!trade || !current(alipay, trade).prompting) throw new PhoneRefusal('prompt_over');
    if (outcome === 'wrong_password') throw new PhoneRefusal('wrong_password');
    if (outcome === 'pay') payTogether(alipay, [trade], trade.buyer ?? '');
    trade.prompting = false;
    saveTrade(alipay, trade);
    await alipay.options.store.committed();
    return { state: outcome === 'pay' ? 'paid' : 'cancelled' };
  }
}

export function payeeOf(
  alipay: Alipay,
  trade: Trade,
): { readonly zh: string; readonly en: string } {
  const seller = trade.sub_merchant && alipay.direct.sellers.get(trade.sub_merchant);
  if (seller) return { zh: seller.alias, en: seller.alias };
  return alipay.apps.get(trade.app_id)?.payee ?? { zh: '商户', en: 'Merchant' };
}

function merged(alipay: Alipay, merge: Merge | undefined): readonly Trade[] {
  return merge ? partsOf(alipay, merge) : [];
}

function single(trade: Trade | undefined): readonly Trade[] {
  // A part of a merged order is paid with all the others or not at all.
  return trade && trade.merge === null ? [trade] : [];
}

/**
 * Order code, cashier link, signed page URL, order string of an app, or trade number: whatever a
 * phone may be shown.
 */
function tradesBehind(alipay: Alipay, code: string): readonly Trade[] {
  if (/^\d{28}$/.test(code)) return single(alipay.by_trade_no.get(code));
  const token = tokenOfCode(code);
  if (token !== undefined) return single(alipay.by_token.get(token));
  if (APP_ORDER.test(code)) return opened(alipay, code);
  if (!URL.canParse(code)) return [];
  const { pathname, search } = new URL(code);
  if (pathname.startsWith('/cashier/')) return single(alipay.by_token.get(pathname.slice(9)));
  if (pathname.startsWith('/merge/')) return merged(alipay, mergeAt(alipay, pathname.slice(7)));
  return pathname === '/gateway.do' ? opened(alipay, search.slice(1)) : [];
}

function opened(alipay: Alipay, query: string): readonly Trade[] {
  try {
    return openPageCall(alipay, query, '').trades;
  } catch (error) {
    if (!(error instanceof GatewayRefusal)) throw error;
    if (error.sub_code === 'ACQ.TRADE_HAS_SUCCESS') throw new PhoneRefusal('order_paid');
    if (error.sub_code === 'ACQ.TRADE_HAS_CLOSE') throw new PhoneRefusal('order_closed');
    return [];
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
  takeUpAll(alipay, [trade], person);
}

/** All orders are looked at before the first one is taken up. */
export function takeUpAll(alipay: Alipay, trades: readonly Trade[], person: string): void {
  if (!alipay.buyers.has(person)) throw new PhoneRefusal('unknown_code');
  for (const trade of trades) {
    checkOpen(alipay, trade);
    if (trade.buyer !== null && trade.buyer !== person) throw new PhoneRefusal('other_payer');
  }
  for (const trade of trades) createTrade(alipay, trade, person);
}

/** Moves the money and tells the merchant; final. */
export function pay(alipay: Alipay, trade: Trade, person: string): void {
  payAll(alipay, [trade], person);
}

export function payAll(alipay: Alipay, trades: readonly Trade[], person: string): void {
  takeUpAll(alipay, trades, person);
  payTogether(alipay, trades, person);
}

export function priceOf(trade: Trade): string {
  return `¥${toYuan(trade.amount)}`;
}
