import type { Clock } from '../clock.ts';
import type { SandboxAction } from './admin/actions.ts';
import type { CoveredCall } from './coverage.ts';
import type { FaultDial } from './faults.ts';
import type { SandboxRandom } from './random.ts';
import type { RequestLog } from './requests.ts';
import type { SandboxStore } from './store.ts';

export const SANDBOX_WALLETS = ['wechat_pay', 'alipay', 'union_pay', 'douyin_pay'] as const;
export type SandboxWallet = (typeof SANDBOX_WALLETS)[number];

/**
 * What the phone needs of a wallet's sandbox, whichever wallet it is. Amounts are fen (`bigint`).
 * The sandbox itself speaks only the wallet's wire protocol on its own port.
 */
export interface Person {
  readonly id: string;
  /** Shown on the phone; two languages. */
  readonly name: { readonly zh: string; readonly en: string };
}

export interface ScannedCode {
  /** Handle of what was scanned; `confirm` takes it. */
  readonly id: string;
  readonly payee: string;
  readonly amount: bigint;
  readonly currency: 'CNY';
  readonly description: string;
}

export type ConfirmOutcome = 'pay' | 'cancel' | 'wrong_password';

/** What a person shows to a shop's scanner: a new one about each minute, used once. */
export interface PayerCode {
  /** Digits, as text. */
  readonly code: string;
  /** Business time. */
  readonly expires_at: Date;
}

/** A charge by payer code that waits on this person's phone for the password. */
export interface PasswordPrompt {
  readonly id: string;
  readonly payee: string;
  readonly amount: bigint;
  readonly description: string;
}

/** Money on its way to this person that must be accepted. */
export interface ReceivableTransfer {
  readonly id: string;
  readonly payer: string;
  readonly amount: bigint;
  readonly description: string;
  /** Business time; unaccepted until then it goes back. */
  readonly expires_at: Date;
  /** No money yet (`amount` is 0): the person agrees that later transfers arrive unasked. */
  readonly consent?: true;
}

/** A standing consent that this person has given and can withdraw. */
export interface GivenConsent {
  readonly id: string;
  readonly payer: string;
  readonly description: string;
  /** Business time. */
  readonly agreed_at: Date;
}

/** A code that a shop shows just now and nobody has paid: what the camera may be pointed at. */
export interface CodeOnScreen {
  readonly code: string;
  readonly payee: string;
  readonly amount: bigint;
  readonly description: string;
}

/** A merchant of the sandbox with all that its connector or its scripts need. */
export interface SandboxAccount {
  /** `direct`, `partner`, `platform`, `certificate`…: how this merchant is set up. */
  readonly role: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, string>>;
  /** Sellers under it, where it has any. */
  readonly sub_merchants: readonly string[];
}

export interface WalletTransaction {
  readonly wallet_reference: string;
  readonly wallet_transaction_id: string | null;
  readonly merchant: string;
  readonly amount: bigint;
  readonly refunded: bigint;
  /** Unified for the phone page and for tests: the wallet's own word is in `wallet_state`. */
  readonly state: 'waiting' | 'paid' | 'closed' | 'refunded' | 'partially_refunded';
  readonly wallet_state: string;
  /** Id of the person who paid. */
  readonly payer: string | null;
  readonly created_at: string;
  readonly paid_at: string | null;
}

/** The error the phone shows; `code` is stable, the text comes from the dictionary. */
export class PhoneRefusal extends Error {
  readonly code:
    | 'unknown_code'
    | 'code_expired'
    | 'order_closed'
    | 'order_paid'
    | 'other_payer'
    | 'insufficient_balance'
    | 'wrong_password'
    | 'scan_expired'
    | 'prompt_over'
    | 'transfer_over';
  constructor(code: PhoneRefusal['code']) {
    super(code);
    this.code = code;
  }
}

export interface WalletSandbox {
  readonly wallet: SandboxWallet;
  /** Root URL, `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Resolves a code or page link the person scans or opens; throws PhoneRefusal. */
  scan(person: string, code: string): Promise<ScannedCode>;
  /** Throws PhoneRefusal; a paid order is final and its notification is on its way. */
  confirm(scanId: string, outcome: ConfirmOutcome): Promise<{ state: 'paid' | 'cancelled' }>;
  /** This person's payer code now; the same until it is used or its minute is over. */
  payerCode(person: string): PayerCode;
  /** Charges that wait for this person's password, oldest first. */
  prompts(person: string): readonly PasswordPrompt[];
  /** Throws PhoneRefusal; a wrong password leaves the prompt open. */
  answerPrompt(id: string, outcome: ConfirmOutcome): Promise<{ state: 'paid' | 'cancelled' }>;
  /** Transfers this person can accept, oldest first. */
  receivable(person: string): readonly ReceivableTransfer[];
  /** Throws PhoneRefusal. */
  answerTransfer(
    id: string,
    outcome: 'accept' | 'decline',
  ): Promise<{ state: 'accepted' | 'declined' }>;
  /** Standing consents of this person in effect, oldest first; absent where there are none. */
  consents?(person: string): readonly GivenConsent[];
  /** Throws PhoneRefusal. */
  withdrawConsent?(person: string, id: string): Promise<void>;
  /** Newest first, at most 20. */
  codesOnScreen(): readonly CodeOnScreen[];
  /** Fen in this wallet of this person. */
  balance(person: string): bigint;
  setBalance(person: string, amount: bigint): Promise<void>;
  /** The wallet's own book, oldest first, newest page last: what tests compare the hub with. */
  transactions(options: { after?: string; limit: number }): readonly WalletTransaction[];
  /**
   * Sum of the wallet's debt to each merchant and its sellers (paid less refunded, without what the
   * merchant's own coupons paid, before fees), fen; by the merchant that signs.
   */
  merchantBalances(): ReadonlyMap<string, bigint>;
  /** Settings and credentials a connector needs for the sandbox's first merchant. */
  merchantAccount(): { settings: Record<string, unknown>; credentials: Record<string, string> };
  /**
   * Where the first merchant wants to be told what no order names an address for, as its console
   * sets it; absent where the wallet has no such address.
   */
  setMessageAddress?(url: string): Promise<void>;
  /** All merchants, the first one first. */
  accounts(): readonly SandboxAccount[];
  /** The same for scripts in any language: settings, addresses and the files of the keys. */
  scriptAccess(): Readonly<Record<string, string>>;
  /** Every call this sandbox answers, from its route tables. */
  readonly coverage: readonly CoveredCall[];
  /** What a developer may do to this wallet beyond its API: switches and scenarios. */
  readonly actions: readonly SandboxAction[];
  /** Notifications still waiting to be delivered. */
  pendingNotifications(): number;
  stop(): Promise<void>;
}

export interface SandboxOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Directory for generated keys, kept across starts; created 0700. */
  readonly keys_dir: string;
  readonly clock: Clock;
  readonly store: SandboxStore;
  readonly faults: FaultDial;
  readonly people: readonly Person[];
  /** Milliseconds of the real retry schedule are multiplied by this (1 = the real schedule). */
  readonly notify_pace: number;
  readonly random: SandboxRandom;
  readonly requests: RequestLog;
  /**
   * Does the sandbox hold merchants to the wallet's rate limits? Off unless asked for: a load test
   * of one's own shop should not meet them.
   */
  readonly rate_limits: boolean;
  /** Opens the developers' pages off loopback; without one they are closed there. */
  readonly token?: string | undefined;
}
