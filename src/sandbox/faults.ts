/**
 * The fault dial: what goes wrong at a wallet, by probability or by count, reproducible from a
 * seed. Sandboxes ask it at fixed places; nothing else in the code knows about faults.
 */
export const FAULTS = [
  /** A notification is never delivered (all its retries are dropped too). */
  'notification_lost',
  /** A notification is held back by `delay_ms`, which also reorders it. */
  'notification_delayed',
  /** A notification is delivered `copies` times more. */
  'notification_duplicated',
  /** Before the genuine notification comes one whose signature is deliberately wrong. */
  'notification_probed',
  /** A genuine, signed notification states another amount than was paid. */
  'notification_wrong_amount',
  /** The notification's connection is cut before the answer is read: it comes again. */
  'notification_answer_lost',
  /** The call takes effect, then the answer is a 5xx. */
  'error_after_effect',
  /** The call has no effect and the answer is a 5xx. */
  'error_before_effect',
  /** The call takes effect, the answer never comes. */
  'timeout_after_effect',
  /** The call has no effect and no answer comes. */
  'timeout_before_effect',
  /** The call takes effect, the connection breaks in the middle of the answer. */
  'answer_cut',
  /** The connection is reset before the call is read. */
  'connection_reset',
  /** The answer comes after `delay_ms`. */
  'answer_slow',
  /** The answer carries a deliberately wrong signature; the effect is real. */
  'answer_probed',
  /** The answer is not signed at all; the effect is real. */
  'answer_unsigned',
  /** A query of a payment states another amount than was ordered, under a good signature. */
  'answer_wrong_amount',
  /** The call is refused for its rate, without effect. */
  'rate_limited',
  /** The wallet changes the key it signs with, as it does some day without asking. */
  'key_rotated',
  /** A charge by payer code waits for the payer's password, whatever the amount. */
  'password_asked',
  /** The payer has not enough money, whatever the balance. */
  'payer_short',
  /** The merchant's account at the wallet is short for a refund, a split or a payout. */
  'merchant_short',
  /** A refund cannot reach the payer and waits for somebody to act. */
  'refund_stuck',
  /** A refund is accepted and arrives after `delay_ms` of business time. */
  'refund_delayed',
  /** One receiver of a split is refused; the others are served. */
  'split_part_refused',
  /** A payout fails after it was accepted. */
  'payout_fails',
  /** The bill is not ready at its time. */
  'bill_late',
  /** The bill lacks a line, has one too many, or states another amount; its totals agree. */
  'bill_wrong',
] as const;
export type Fault = (typeof FAULTS)[number];

/** The dial in sections, as pages show it; each fault is in one of them. */
export const FAULT_GROUPS = {
  notifications: FAULTS.filter((fault) => fault.startsWith('notification_')),
  answers: FAULTS.filter((fault) =>
    /^(?:answer_|error_|timeout_|connection_|rate_|key_)/.test(fault),
  ),
  payer: ['password_asked', 'payer_short'],
  merchant: [
    'merchant_short',
    'refund_stuck',
    'refund_delayed',
    'split_part_refused',
    'payout_fails',
  ],
  bills: ['bill_late', 'bill_wrong'],
} as const satisfies Readonly<Record<string, readonly Fault[]>>;
export type FaultGroup = keyof typeof FAULT_GROUPS;

/** How late and how often, where nothing else is said. */
export const STANDARD_DEGREE: Readonly<Partial<Record<Fault, Degree>>> = {
  notification_delayed: { delay_ms: 30_000 },
  notification_duplicated: { copies: 5 },
  answer_slow: { delay_ms: 3_000 },
  refund_delayed: { delay_ms: 600_000 },
};

interface Degree {
  readonly delay_ms?: number;
  readonly copies?: number;
}

/**
 * Amounts that mean a fault, while the dial's sentinels are on: the last two digits of the amount
 * in fen (11.03 yuan → 3). For clients that can choose an amount but not turn the dial.
 */
export const SENTINELS: Readonly<Partial<Record<Fault, bigint>>> = {
  notification_lost: 1n,
  notification_delayed: 2n,
  notification_duplicated: 3n,
  notification_probed: 4n,
  notification_wrong_amount: 5n,
  notification_answer_lost: 6n,
  error_after_effect: 11n,
  error_before_effect: 12n,
  timeout_after_effect: 13n,
  timeout_before_effect: 14n,
  answer_cut: 15n,
  answer_slow: 16n,
  answer_probed: 17n,
  answer_unsigned: 18n,
  answer_wrong_amount: 19n,
  rate_limited: 20n,
  password_asked: 31n,
  payer_short: 32n,
  merchant_short: 41n,
  refund_stuck: 42n,
  refund_delayed: 43n,
  split_part_refused: 44n,
  payout_fails: 45n,
};

export interface FaultSetting {
  readonly fault: Fault;
  /** 0 to 1; 1 when only `count` is given. */
  readonly probability: number;
  /** How many more times it may strike; undefined = without limit. */
  remaining?: number;
  /** Only calls of this operation, in the sandbox's own words; undefined = all. */
  readonly operation?: string;
  /** Only where this amount of money is meant, fen; undefined = any. */
  readonly amount?: bigint;
  readonly delay_ms?: number;
  readonly copies?: number;
}

/** What is happening where the dial is asked. */
export interface Occasion {
  readonly operation?: string | undefined;
  /** Fen; absent where no amount is known. */
  readonly amount?: bigint | undefined;
}

/** Small, fast, seedable generator (mulberry32); never used for anything secret. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** FNV-1a. */
function hashOf(name: string): number {
  let hash = name === '' ? 0 : 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return hash;
}

export class FaultDial {
  /** Do amounts of the table above mean faults? */
  sentinels = false;
  #settings: FaultSetting[] = [];
  #seed: number;
  readonly #streams = new Map<string, () => number>();

  constructor(seed = 1) {
    this.#seed = seed;
  }

  /** Replaces all settings; an empty list turns every fault off. */
  set(settings: readonly FaultSetting[], seed?: number): void {
    this.#settings = settings.map((setting) => ({ ...setting }));
    if (seed === undefined) return;
    this.#seed = seed;
    this.#streams.clear();
  }

  get settings(): readonly FaultSetting[] {
    return this.#settings;
  }

  /** The setting that strikes now, or undefined. Asking counts as an occasion. */
  strikes(fault: Fault, occasion: Occasion = {}): FaultSetting | undefined {
    for (const setting of this.#settings) {
      if (setting.fault !== fault) continue;
      if (setting.operation !== undefined && setting.operation !== occasion.operation) continue;
      if (setting.amount !== undefined && setting.amount !== occasion.amount) continue;
      if (setting.remaining === 0) continue;
      if (this.#draw(fault) >= setting.probability) continue;
      if (setting.remaining !== undefined) setting.remaining -= 1;
      return setting;
    }
    return this.#meant(fault, occasion);
  }

  #meant(fault: Fault, { amount }: Occasion): FaultSetting | undefined {
    const cents = SENTINELS[fault];
    if (!this.sentinels || cents === undefined || amount === undefined) return undefined;
    if (amount % 100n !== cents) return undefined;
    return { fault, probability: 1, ...STANDARD_DEGREE[fault] };
  }

  /** For the details of what struck. */
  random(): number {
    return this.#draw('');
  }

  /** A row of numbers for each fault: what is asked beside the calls does not shift the others. */
  #draw(name: string): number {
    let stream = this.#streams.get(name);
    if (!stream) {
      stream = seededRandom(this.#seed ^ hashOf(name));
      this.#streams.set(name, stream);
    }
    return stream();
  }
}
