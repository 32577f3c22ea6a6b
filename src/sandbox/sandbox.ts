import type { Clock } from '../clock.ts';
import type { FaultDial } from './faults.ts';
import type { SandboxStore } from './store.ts';

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
    | 'scan_expired';
  constructor(code: PhoneRefusal['code']) {
    super(code);
    this.code = code;
  }
}

export interface WalletSandbox {
  readonly wallet: 'wechat_pay' | 'alipay';
  /** Root URL, `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Resolves a code or page link the person scans or opens; throws PhoneRefusal. */
  scan(person: string, code: string): Promise<ScannedCode>;
  /** Throws PhoneRefusal; a paid order is final and its notification is on its way. */
  confirm(scanId: string, outcome: ConfirmOutcome): Promise<{ state: 'paid' | 'cancelled' }>;
  /** Fen in this wallet of this person. */
  balance(person: string): bigint;
  setBalance(person: string, amount: bigint): Promise<void>;
  /** The wallet's own book, oldest first, newest page last: what tests compare the hub with. */
  transactions(options: { after?: string; limit: number }): readonly WalletTransaction[];
  /** Sum of the wallet's debt to each merchant (paid less refunded, before fees), fen. */
  merchantBalances(): ReadonlyMap<string, bigint>;
  /** Settings and credentials a connector needs for the sandbox's first merchant. */
  merchantAccount(): { settings: Record<string, unknown>; credentials: Record<string, string> };
  /** The same for scripts in any language: settings, addresses and the files of the keys. */
  scriptAccess(): Readonly<Record<string, string>>;
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
}
