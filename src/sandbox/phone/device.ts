import type { FaultDial, FaultSetting } from '../faults.ts';
import {
  type CodeOnScreen,
  type ConfirmOutcome,
  type GivenConsent,
  type PasswordPrompt,
  type PayerCode,
  type Person,
  PhoneRefusal,
  type ReceivableTransfer,
  type ScannedCode,
  type WalletSandbox,
  type WalletTransaction,
} from '../sandbox.ts';

export type PhoneWallet = WalletSandbox['wallet'];

/** What was scanned, by whom, and what became of it. */
export interface PhoneScan extends ScannedCode {
  readonly wallet: PhoneWallet;
  readonly person: string;
  state: 'open' | 'paid' | 'cancelled';
}

/** Something one of the wallets on the phone says, and which of them does. */
export type Of<T> = T & { readonly wallet: PhoneWallet };

export interface PhoneClock {
  /** Business time. */
  now(): Date;
  /** Milliseconds that business time is ahead of real time. */
  readonly offset_ms: number;
  advance(by_ms: number): Promise<void>;
}

export interface DeviceOptions {
  readonly sandboxes: readonly WalletSandbox[];
  readonly faults: Readonly<Record<PhoneWallet, FaultDial>>;
  readonly people: readonly Person[];
  readonly clock: PhoneClock;
}

const MAX_SCANS = 10_000;
const PAGE = 1_000;

/** The phone without its screen: what its page and its JSON API both do. */
export class Device {
  readonly people: readonly Person[];
  readonly clock: PhoneClock;
  readonly faults: Readonly<Record<PhoneWallet, FaultDial>>;
  readonly wallets: readonly PhoneWallet[];
  readonly #sandboxes: ReadonlyMap<PhoneWallet, WalletSandbox>;
  readonly #scans = new Map<string, PhoneScan>();

  constructor(options: DeviceOptions) {
    this.people = options.people;
    this.clock = options.clock;
    this.faults = options.faults;
    this.#sandboxes = new Map(options.sandboxes.map((sandbox) => [sandbox.wallet, sandbox]));
    this.wallets = [...this.#sandboxes.keys()];
  }

  person(id: string | undefined): Person | undefined {
    return this.people.find((person) => person.id === id);
  }

  sandbox(wallet: string | undefined): WalletSandbox | undefined {
    return [...this.#sandboxes.values()].find((sandbox) => sandbox.wallet === wallet);
  }

  /** Without a wallet, every wallet is asked whether it knows the code. Throws PhoneRefusal. */
  async scan(input: {
    person: string;
    wallet?: PhoneWallet | undefined;
    code: string;
  }): Promise<PhoneScan> {
    const named = this.sandbox(input.wallet);
    const asked = named ? [named] : [...this.#sandboxes.values()];
    let refusal = new PhoneRefusal('unknown_code');
    for (const sandbox of asked) {
      try {
        const scanned = await sandbox.scan(input.person, input.code);
        return this.#keep({
          ...scanned,
          wallet: sandbox.wallet,
          person: input.person,
          state: 'open',
        });
      } catch (error) {
        if (!(error instanceof PhoneRefusal)) throw error;
        if (error.code !== 'unknown_code') refusal = error;
      }
    }
    throw refusal;
  }

  #keep(scan: PhoneScan): PhoneScan {
    const oldest = this.#scans.keys().next();
    if (this.#scans.size >= MAX_SCANS && !oldest.done) this.#scans.delete(oldest.value);
    this.#scans.set(scan.id, scan);
    return scan;
  }

  scanned(id: string | undefined): PhoneScan | undefined {
    return id === undefined ? undefined : this.#scans.get(id);
  }

  /** Throws PhoneRefusal. */
  async confirm(id: string, outcome: ConfirmOutcome): Promise<{ state: 'paid' | 'cancelled' }> {
    const scan = this.#scans.get(id);
    const sandbox = this.sandbox(scan?.wallet);
    if (!scan || !sandbox) throw new PhoneRefusal('scan_expired');
    const { state } = await sandbox.confirm(id, outcome);
    scan.state = state;
    return { state };
  }

  /** What this person shows to a shop's scanner; throws PhoneRefusal where a wallet has none. */
  payerCode(wallet: PhoneWallet, person: string): PayerCode {
    const sandbox = this.sandbox(wallet);
    if (!sandbox) throw new PhoneRefusal('unknown_code');
    return sandbox.payerCode(person);
  }

  /** Charges by payer code that wait for this person's password. */
  prompts(person: string): Of<PasswordPrompt>[] {
    return this.#ofAll((sandbox) => sandbox.prompts(person));
  }

  /** Throws PhoneRefusal. */
  answerPrompt(
    wallet: PhoneWallet,
    id: string,
    outcome: ConfirmOutcome,
  ): Promise<{ state: 'paid' | 'cancelled' }> {
    const sandbox = this.sandbox(wallet);
    if (!sandbox) throw new PhoneRefusal('prompt_over');
    return sandbox.answerPrompt(id, outcome);
  }

  /** Money, and requests for consent, that wait for this person. */
  receivable(person: string): Of<ReceivableTransfer>[] {
    return this.#ofAll((sandbox) => sandbox.receivable(person));
  }

  /** Throws PhoneRefusal. */
  answerTransfer(
    wallet: PhoneWallet,
    id: string,
    outcome: 'accept' | 'decline',
  ): Promise<{ state: 'accepted' | 'declined' }> {
    const sandbox = this.sandbox(wallet);
    if (!sandbox) throw new PhoneRefusal('transfer_over');
    return sandbox.answerTransfer(id, outcome);
  }

  /** Standing consents that this person has given, in any wallet. */
  consents(person: string): Of<GivenConsent>[] {
    return this.#ofAll((sandbox) => sandbox.consents?.(person) ?? []);
  }

  /** Throws PhoneRefusal. */
  async withdrawConsent(wallet: PhoneWallet, person: string, id: string): Promise<void> {
    const sandbox = this.sandbox(wallet);
    if (!sandbox?.withdrawConsent) throw new PhoneRefusal('transfer_over');
    await sandbox.withdrawConsent(person, id);
  }

  /** What shops show just now, of every wallet. */
  codesOnScreen(): Of<CodeOnScreen>[] {
    return this.#ofAll((sandbox) => sandbox.codesOnScreen());
  }

  #ofAll<T extends object>(ask: (sandbox: WalletSandbox) => readonly T[]): Of<T>[] {
    return [...this.#sandboxes.values()].flatMap((sandbox) =>
      ask(sandbox).map((entry) => ({ ...entry, wallet: sandbox.wallet })),
    );
  }

  /** Sets, replaces or (probability 0) removes one fault of a wallet at one place. */
  setFault(wallet: PhoneWallet, setting: FaultSetting): void {
    const dial = this.faults[wallet];
    const others = dial.settings.filter((known) => !isSamePlace(known, setting));
    dial.set(setting.probability === 0 ? others : [...others, setting]);
  }

  /** The newest payments of one person, newest first. */
  history(wallet: PhoneWallet, person: string, limit: number): WalletTransaction[] {
    const sandbox = this.sandbox(wallet);
    let kept: WalletTransaction[] = [];
    let after: string | undefined;
    while (sandbox) {
      const page = sandbox.transactions({ limit: PAGE, ...(after ? { after } : {}) });
      kept = [...kept, ...page.filter(({ payer }) => payer === person)].slice(-limit);
      after = page.at(-1)?.wallet_reference;
      if (page.length < PAGE || after === undefined) break;
    }
    return kept.reverse();
  }
}

/** A fault may stand on the dial once for each operation and amount. */
function isSamePlace(a: FaultSetting, b: FaultSetting): boolean {
  return a.fault === b.fault && a.operation === b.operation && a.amount === b.amount;
}
