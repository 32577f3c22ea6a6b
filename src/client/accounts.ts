import type {
  Enrolment,
  Key,
  Merchant,
  MintedKey,
  Platform,
  Role,
  WalletAccount,
  WalletAccountCheck,
} from './account-objects.ts';
import type { Balance, Statement, StatementLine } from './finance/money-objects.ts';
import type { Metadata, WalletName } from './objects.ts';
import { type Lists, listsOf, type PageQuery } from './pages.ts';
import type { KeyOption } from './payments.ts';
import { resourceOf } from './resource.ts';
import type { Send } from './transport.ts';

/** What operators set up; a marketplace reads its own platform and makes its own merchants. */
export interface NewPlatform {
  /** 1 to 40 of a-z, 0-9 and _. */
  readonly slug: string;
  readonly name: string;
  readonly hosts?: readonly string[];
  readonly metadata?: Metadata;
}

export interface Platforms extends Lists<Platform, PageQuery> {
  create(input: NewPlatform, options?: KeyOption): Promise<Platform>;
  get(id: string): Promise<Platform>;
  update(id: string, change: Partial<Omit<NewPlatform, 'slug'>>): Promise<Platform>;
}

export interface NewKey {
  readonly role: Role;
  readonly platform?: string;
  readonly merchant?: string;
  readonly wallet?: WalletName;
}

export interface Keys extends Lists<Key, PageQuery> {
  /** Keep `secret`: it is shown only now. */
  create(input: NewKey, options?: KeyOption): Promise<MintedKey>;
  /** The old key is refused after `overlap_seconds`, at once by default. */
  rotate(
    id: string,
    input?: { readonly overlap_seconds?: number },
    options?: KeyOption,
  ): Promise<MintedKey>;
  revoke(id: string): Promise<Key>;
}

export interface NewMerchant {
  readonly name: string;
  /** For operators; a marketplace's own otherwise. */
  readonly platform?: string;
  readonly metadata?: Metadata;
}

/** How a merchant is paid out at one wallet account; what is left out stays as it is. */
export interface NewPayoutTerms {
  readonly wallet_account: string;
  readonly payee?: string;
  readonly payee_name?: string;
  readonly state?: 'automatic' | 'manual' | 'paused';
  readonly minimum?: number;
  readonly hold_days?: number;
}

export interface StatementQuery extends PageQuery {
  /** Business days, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
}

export interface NewEnrolment {
  readonly wallet: WalletName;
  /** May be left out while there is exactly one active account at the wallet. */
  readonly wallet_account?: string;
  /** The merchant's own number at the wallet, where the account is a platform's. */
  readonly sub_merchant?: string;
}

export interface Merchants extends Lists<Merchant, PageQuery & { readonly platform?: string }> {
  create(input: NewMerchant, options?: KeyOption): Promise<Merchant>;
  get(id: string): Promise<Merchant>;
  update(
    id: string,
    change: Partial<Omit<NewMerchant, 'platform'>> & {
      readonly owed_limit?: number;
      /** Named wallet accounts only; the others stay as they are. */
      readonly payouts?: readonly NewPayoutTerms[];
    },
  ): Promise<Merchant>;
  /** Lets a merchant take a wallet. */
  enrol(id: string, input: NewEnrolment, options?: KeyOption): Promise<Enrolment>;
  /** What the books owe the merchant now. */
  balance(id: string): Promise<Balance>;
  /** One page of its statement: every line between two days, both included. */
  statement(id: string, query: StatementQuery): Promise<Statement>;
  /** Every line of it, page after page, asked for as you go. */
  statementLines(id: string, query: StatementQuery): AsyncIterable<StatementLine>;
}

/** A text, a switch, or texts by name. */
export type SettingValue = string | boolean | Readonly<Record<string, string>>;

export interface NewWalletAccount {
  readonly wallet: WalletName;
  readonly name: string;
  readonly custody: WalletAccount['custody'];
  readonly settings: Readonly<Record<string, SettingValue>>;
  /** Encrypted, and never shown again. */
  readonly credentials: Readonly<Record<string, string>>;
}

/** A member that is absent stays; null removes a setting or a credential. */
export interface WalletAccountChange {
  readonly name?: string;
  readonly state?: WalletAccount['state'];
  readonly settings?: Readonly<Record<string, SettingValue | null>>;
  readonly credentials?: Readonly<Record<string, string | null>>;
}

export interface WalletAccounts
  extends Lists<WalletAccount, PageQuery & { readonly wallet?: WalletName }> {
  create(input: NewWalletAccount, options?: KeyOption): Promise<WalletAccount>;
  get(id: string): Promise<WalletAccount>;
  /** Adds or replaces keys while payments go on; suspends. */
  update(id: string, change: WalletAccountChange, options?: KeyOption): Promise<WalletAccount>;
  /**
   * Asks the wallet whether the credentials work; says which one does not. `notification` also asks
   * a wallet that can for a test notification.
   */
  check(id: string, options?: { readonly notification?: boolean }): Promise<WalletAccountCheck>;
}

export function platformsOf(send: Send): Platforms {
  const { at, calls } = resourceOf<Platform, NewPlatform, PageQuery>(send, '/v1/platforms');
  return { ...calls, update: (id, body) => send({ method: 'PATCH', path: at(id), body }) };
}

export function keysOf(send: Send): Keys {
  const path = '/v1/keys';
  const { at, post } = resourceOf<Key, NewKey, PageQuery>(send, path);
  return {
    ...listsOf<Key, PageQuery>(send, path),
    create: (input, options) => post(path, input, options),
    rotate: (id, input = {}, options) => post(at(id, '/rotate'), input, options),
    revoke: (id) => post(at(id, '/revoke'), {}),
  };
}

export function merchantsOf(send: Send): Merchants {
  type Filter = PageQuery & { readonly platform?: string };
  const { at, post, calls } = resourceOf<Merchant, NewMerchant, Filter>(send, '/v1/merchants');
  return {
    ...calls,
    update: (id, body) => send({ method: 'PATCH', path: at(id), body }),
    enrol: (id, input, options) => post(at(id, '/enrolments'), input, options),
    balance: (id) => send({ method: 'GET', path: at(id, '/balance') }),
    statement: (id, query) =>
      send({ method: 'GET', path: at(id, '/statements'), query: { ...query } }),
    statementLines: (id, query) =>
      listsOf<StatementLine, StatementQuery>(send, at(id, '/statements')).all(query),
  };
}

export function walletAccountsOf(send: Send): WalletAccounts {
  type Filter = PageQuery & { readonly wallet?: WalletName };
  const path = '/v1/wallet_accounts';
  const { at, calls } = resourceOf<WalletAccount, NewWalletAccount, Filter>(send, path);
  return {
    ...calls,
    update: (id, body, options) => send({ method: 'PATCH', path: at(id), body, ...options }),
    check: (id, { notification = false } = {}) =>
      send({ method: 'POST', path: at(id, '/check'), query: { notification }, body: {} }),
  };
}
