import type { App } from '../app.ts';
import { sharedEnrolments, whyNotCombined } from '../combined/eligible.ts';
import { type Queryable, sql } from '../db/pool.ts';
import type { ClientKind, IneligibleReason, Payment, WalletChoice } from '../payments/payment.ts';
import { whyNotHeld } from '../terms/eligible.ts';
import { type PresentationKind, WALLETS, type Wallet, type WalletName } from '../wallets/wallet.ts';

/**
 * The one function that says which wallets may take this payment here and now; the list, the
 * confirmation and every link use it. Wallets come in a neutral order: a rotation by payment, so
 * that over many payments none stands first more often.
 */
const PRESENTATIONS: Readonly<
  Record<WalletName, Readonly<Record<ClientKind, PresentationKind | null>>>
> = {
  wechat_pay: { desktop: 'qr', phone: 'h5', wechat: 'in_app', alipay: null, unionpay: null },
  alipay: { desktop: 'qr', phone: 'h5', wechat: null, alipay: 'in_app', unionpay: null },
  union_pay: { desktop: 'qr', phone: 'h5', wechat: null, alipay: null, unionpay: 'h5' },
  douyin_pay: { desktop: 'qr', phone: 'h5', wechat: null, alipay: null, unionpay: null },
};

interface EnrolmentRow {
  wallet: WalletName;
  wallet_account_id: string | null;
  sub_merchant: string | null;
  enrolment_state: string | null;
  account_state: string | null;
  gate_state: string | null;
}

/** One row per wallet: its gate for this platform and this merchant's enrolment. */
async function selectEnrolments(db: Queryable, payment: Payment): Promise<EnrolmentRow[]> {
  return db.query<EnrolmentRow>(sql`
    select w.wallet, e.wallet_account_id, e.sub_merchant, e.state as enrolment_state,
      a.state as account_state, g.state as gate_state
    from unnest(${[...WALLETS]}::text[]) with ordinality as w (wallet, nth)
    left join enrolments e on e.merchant_id = ${payment.merchant_id} and e.wallet = w.wallet
    left join wallet_accounts a on a.id = e.wallet_account_id
    left join gates g on g.platform_id = ${payment.platform_id} and g.wallet = w.wallet
    order by w.nth`);
}

export interface EligibleWallet extends WalletChoice {
  readonly wallet_account_id: string | null;
}

export async function eligibleWallets(
  app: App,
  payment: Payment,
  client: ClientKind,
): Promise<EligibleWallet[]> {
  const rows = await enrolments(app, payment);
  const choices = await Promise.all(
    rows.map(async (row): Promise<EligibleWallet> => {
      const presentation = PRESENTATIONS[row.wallet][client];
      const reason = await whyNot(app, payment, row, presentation);
      return {
        wallet: row.wallet,
        eligible: reason === null,
        reason,
        presentation: reason === null ? presentation : null,
        wallet_account_id: row.wallet_account_id,
      };
    }),
  );
  const turn = payment.id.charCodeAt(payment.id.length - 1) % Math.max(1, choices.length);
  return [...choices.slice(turn), ...choices.slice(0, turn)];
}

export interface WalletAnswer {
  readonly reason: IneligibleReason | null;
  readonly wallet_account_id: string | null;
  /** The merchant's own number there, where the account is a platform's. */
  readonly sub_merchant: string | null;
}

/** Why this wallet may not take this payment in this presentation; null when it may. */
export async function whyWalletNot(
  app: App,
  payment: Payment,
  wallet: WalletName,
  presentation: PresentationKind,
): Promise<WalletAnswer> {
  const row = (await enrolments(app, payment)).find((entry) => entry.wallet === wallet);
  if (!row) return { reason: 'not_enrolled', wallet_account_id: null, sub_merchant: null };
  return {
    reason: await whyNot(app, payment, row, presentation),
    wallet_account_id: row.wallet_account_id,
    sub_merchant: row.sub_merchant,
  };
}

async function whyNot(
  app: App,
  payment: Payment,
  row: EnrolmentRow,
  presentation: PresentationKind | null,
): Promise<IneligibleReason | null> {
  const { wallet, wallet_account_id } = row;
  if (row.gate_state !== 'open') return 'gate_closed';
  if (row.enrolment_state !== 'active' || wallet_account_id === null) return 'not_enrolled';
  if (row.account_state !== 'active') return 'account_suspended';
  const { capabilities } = app.wallets.connector(row.wallet);
  if (presentation === null || !capabilities.presentations.includes(presentation)) {
    return 'not_in_this_browser';
  }
  const at = { wallet, wallet_account_id, sub_merchant: row.sub_merchant };
  return (
    limits(app, payment, capabilities) ??
    (await whyNotCombined(app, payment, at, presentation)) ??
    whyNotHeld(app, at, payment)
  );
}

function limits(
  app: App,
  payment: Payment,
  capabilities: Wallet['capabilities'],
): IneligibleReason | null {
  if (payment.amount < capabilities.min_amount) return 'amount_too_small';
  if (payment.amount > capabilities.max_amount) return 'amount_too_large';
  const left_ms = payment.expires_at.getTime() - app.clock.now().getTime();
  if (left_ms < capabilities.min_expiry_ms) return 'expires_too_soon';
  return null;
}

/** Per wallet of the merchant: why it cannot keep the terms of this payment; null where it can. */
export async function termsAt(
  app: App,
  payment: Payment,
): Promise<{ readonly wallet: WalletName; readonly reason: IneligibleReason | null }[]> {
  const rows = await enrolments(app, payment);
  return Promise.all(
    rows.map(async ({ wallet, wallet_account_id, sub_merchant }) => ({
      wallet,
      reason:
        wallet_account_id === null
          ? 'not_enrolled'
          : await whyNotHeld(app, { wallet, wallet_account_id, sub_merchant }, payment),
    })),
  );
}

/** Gates and enrolments change rarely and are read for every page: cached for a second. */
const CACHE_MS = 1_000;
const MAX_CACHED = 5_000;
const caches = new WeakMap<App, Map<string, { until: number; rows: Promise<EnrolmentRow[]> }>>();

function enrolments(app: App, payment: Payment): Promise<EnrolmentRow[]> {
  const cache = caches.get(app) ?? new Map();
  caches.set(app, cache);
  const sellers = payment.parts.map(({ merchant_id }) => merchant_id);
  const key = [payment.platform_id, payment.merchant_id, ...sellers].join('/');
  const cached = cache.get(key);
  if (cached && cached.until > Date.now()) return cached.rows;
  if (cache.size >= MAX_CACHED) cache.clear();
  const rows: Promise<EnrolmentRow[]> =
    sellers.length > 0 ? sharedEnrolments(app, payment) : selectEnrolments(app.db, payment);
  cache.set(key, { until: Date.now() + CACHE_MS, rows });
  rows.catch(() => cache.delete(key));
  return rows;
}
