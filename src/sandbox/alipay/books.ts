import type { Charset } from '../../protocols/alipay/parameters.ts';
import type { TradeStatus } from '../../protocols/alipay/trade.ts';
import type { Funds } from '../funds.ts';
import type { Notifier } from '../notifier.ts';
import type { SandboxOptions } from '../sandbox.ts';
import type { Collection } from '../store.ts';
import type { Rates } from './api/rates.ts';
import type { BillLinks } from './bills/links.ts';
import type { Buyer } from './buyers.ts';
import type { DirectBook } from './direct/book.ts';
import type { Merge } from './merge/book.ts';
import type { App } from './open/app.ts';
import type { Authority } from './open/authority.ts';
import type { Authorizations } from './open/authorizations.ts';
import type { Keyring } from './open/keyring.ts';
import type { Nonces } from './open/nonces.ts';
import type { SentNotices } from './open/sent-notices.ts';
import type { Switches } from './open/switches.ts';
import type { RoyaltyBook } from './royalty/book.ts';
import type { Agenda } from './trade/agenda.ts';
import type { PayerCodes } from './trade/codes.ts';
import type { Coupons, Voucher } from './trade/discounts.ts';

export { type Buyer, balanceOf, buyerNamed, buyersOf, openBalances } from './buyers.ts';
export type { App, AppRole } from './open/app.ts';

/**
 * The wallet's books: orders and trades, balances, login codes. Everything is changed in memory
 * within one turn and journalled by the store; who answers awaits `store.committed()` first.
 */
export type Product = 'precreate' | 'page' | 'wap' | 'app' | 'create' | 'pay' | 'merge';

export interface TradeRefund {
  readonly out_request_no: string;
  readonly amount: bigint;
  readonly reason: string | null;
  /** Business time, epoch milliseconds: when the seller was debited. */
  readonly at: number;
  /** What goes to the buyer: less than the amount where coupons had paid a part. */
  readonly returned: bigint;
  /** What the seller is debited: not what the seller's own coupons had paid. */
  readonly debited: bigint;
  /** Asked for by refund.apply, which tells states. */
  readonly asynchronous: boolean;
  /** What receivers of splits give back to the seller with it. */
  readonly royalties: readonly { readonly account: string; readonly amount: bigint }[];
  state: 'processing' | 'success';
  /** When the money comes to the buyer; null while somebody must act. */
  arrives_at: number | null;
  /** The payer's bank would not have it: F until somebody acts, then S (it went to the wallet). */
  deposit_back: 'F' | 'S' | null;
}

/** The confirmation that frees the money of a direct-payment trade. */
export interface SettleConfirm {
  /** Null when the period was over and the wallet confirmed by itself. */
  readonly out_request_no: string | null;
  readonly amount: bigint;
  readonly at: number;
}

/**
 * One order and, once the payer has scanned or logged in, its trade. Until then the wallet knows
 * no trade (`NOT_CREATED`, no trade number): query and close answer that it does not exist.
 * Times are business time in epoch milliseconds.
 */
export interface Trade {
  readonly app_id: string;
  readonly seller_id: string;
  readonly out_trade_no: string;
  readonly product: Product;
  readonly amount: bigint;
  readonly subject: string;
  readonly body: string | null;
  readonly passback_params: string | null;
  notify_url: string | null;
  readonly return_url: string | null;
  readonly quit_url: string | null;
  /** The seller's number (smid) under a platform; null for the application's own merchant. */
  readonly sub_merchant: string | null;
  /** The money is held until it is settled: royalty_freeze, or a direct-payment seller. */
  readonly hold: boolean;
  /** How long a direct-payment trade waits for its confirmation; null for all others. */
  readonly settle_period_ms: number | null;
  /** Number of the merged order that this one is a part of. */
  readonly merge: string | null;
  /** In which its notifications are written: that of the call that made it. */
  readonly charset: Charset;
  /** Unguessable part of the code or of the cashier's address. */
  readonly token: string;
  readonly placed_at: number;
  readonly expires_at: number;
  status: 'NOT_CREATED' | TradeStatus;
  trade_no: string | null;
  /** Person who scanned, logged in or was named at creation. */
  buyer: string | null;
  created_at: number | null;
  paid_at: number | null;
  closed_at: number | null;
  /** What the wallet charged the seller; 0 until paid. Refunds give it back pro rata. */
  fee: bigint;
  fee_returned: bigint;
  refunded: bigint;
  refunds: TradeRefund[];
  /** Refunds that came to nothing; their money is back on the seller's account. */
  failed_refunds: TradeRefund[];
  vouchers: Voucher[];
  /** The payer's phone asks for the password. */
  prompting: boolean;
  confirm: SettleConfirm | null;
  /** Held money goes to the seller by itself then; null when nothing is held. */
  release_at: number | null;
}

/** A trade that an older version of the sandbox wrote lacks what came later. */
const LATER = {
  sub_merchant: null,
  hold: false,
  settle_period_ms: null,
  merge: null,
  charset: 'utf-8',
  fee: 0n,
  fee_returned: 0n,
  vouchers: [],
  failed_refunds: [],
  prompting: false,
  confirm: null,
  release_at: null,
} as const;

export function completed(trade: Trade): Trade {
  const given: Partial<Trade> = trade;
  for (const [name, value] of Object.entries(LATER)) {
    if (!(name in given)) Object.assign(trade, { [name]: Array.isArray(value) ? [] : value });
  }
  trade.refunds = trade.refunds.map((refund) => ({
    ...{ returned: refund.amount, debited: refund.amount, asynchronous: false, royalties: [] },
    ...{ state: 'success' as const, arrives_at: refund.at, deposit_back: null },
    ...refund,
  }));
  return trade;
}

export interface LoginCode {
  readonly code: string;
  readonly app_id: string;
  readonly person: string;
  readonly expires_at: number;
}

/** The wallet's own side as its handlers see it. */
export interface Alipay {
  readonly options: SandboxOptions;
  /** Root URL, set when the port is known. */
  url: string;
  readonly apps: ReadonlyMap<string, App>;
  /** Signs answers and notifications, per application. */
  readonly keyring: Keyring;
  readonly authority: Authority;
  readonly authorizations: Authorizations;
  readonly switches: Switches;
  readonly rates: Rates;
  readonly nonces: Nonces;
  /** Notifications sent of late: whose they were, by `notify_id`. */
  readonly sent_notices: SentNotices;
  readonly buyers: ReadonlyMap<string, Buyer>;
  readonly trades: Collection<Trade>;
  readonly balances: Collection<{ amount: bigint }>;
  readonly login_codes: Collection<LoginCode>;
  readonly by_trade_no: Map<string, Trade>;
  readonly by_token: Map<string, Trade>;
  readonly notifier: Notifier;
  readonly funds: Funds;
  readonly agenda: Agenda;
  readonly coupons: Coupons;
  readonly payer_codes: PayerCodes;
  readonly merges: Collection<Merge>;
  /** Where each application wants the wallet's messages, as set in the console. */
  readonly app_gateways: Collection<{ app_id: string; url: string }>;
  readonly royalty: RoyaltyBook;
  readonly direct: DirectBook;
  readonly bill_links: BillLinks;
}

const REFUND_WINDOW_MS = 365 * 86_400_000;

export function tradeKey(seller_id: string, out_trade_no: string): string {
  return `${seller_id}/${out_trade_no}`;
}

export function saveTrade(alipay: Alipay, trade: Trade): void {
  alipay.trades.put(tradeKey(trade.seller_id, trade.out_trade_no), trade);
  alipay.by_token.set(trade.token, trade);
  if (trade.trade_no !== null) alipay.by_trade_no.set(trade.trade_no, trade);
}

/** Lets time act on a trade before anybody looks at it: unpaid ones close, old ones finish. */
export function current(alipay: Alipay, trade: Trade): Trade {
  alipay.agenda.advance();
  const now = alipay.options.clock.now().getTime();
  if (trade.status === 'WAIT_BUYER_PAY' && now >= trade.expires_at) {
    trade.status = 'TRADE_CLOSED';
    trade.prompting = false;
    trade.closed_at = trade.expires_at;
    saveTrade(alipay, trade);
  } else if (trade.status === 'TRADE_SUCCESS' && now >= (trade.paid_at ?? now) + REFUND_WINDOW_MS) {
    trade.status = 'TRADE_FINISHED';
    saveTrade(alipay, trade);
  }
  return trade;
}

export function orderOf(alipay: Alipay, app: App, out_trade_no: string): Trade | undefined {
  const trade = alipay.trades.get(tradeKey(app.seller_id, out_trade_no));
  return trade && current(alipay, trade);
}

/** The trade as the wallet's interfaces know it: an order nobody has scanned is not there. */
export function tradeOf(
  alipay: Alipay,
  app: App,
  names: { trade_no: string | undefined; out_trade_no: string | undefined },
): Trade | undefined {
  const trade =
    names.trade_no !== undefined
      ? alipay.by_trade_no.get(names.trade_no)
      : orderOf(alipay, app, names.out_trade_no ?? '');
  if (!trade || trade.seller_id !== app.seller_id || trade.status === 'NOT_CREATED')
    return undefined;
  return current(alipay, trade);
}

/** True when the code or page of an order nobody has taken up can no longer be used. */
export function isStale(alipay: Alipay, trade: Trade): boolean {
  return trade.status === 'NOT_CREATED' && alipay.options.clock.now().getTime() >= trade.expires_at;
}
