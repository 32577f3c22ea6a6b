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
  /** The call takes effect, then the answer is a 5xx. */
  'error_after_effect',
  /** The call has no effect and the answer is a 5xx. */
  'error_before_effect',
  /** The call takes effect, the answer never comes. */
  'timeout_after_effect',
  /** The call has no effect and no answer comes. */
  'timeout_before_effect',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultSetting {
  readonly fault: Fault;
  /** 0 to 1; 1 when only `count` is given. */
  readonly probability: number;
  /** How many more times it may strike; undefined = without limit. */
  remaining?: number;
  /** Only calls of this operation, in the sandbox's own words; undefined = all. */
  readonly operation?: string;
  readonly delay_ms?: number;
  readonly copies?: number;
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

export class FaultDial {
  #settings: FaultSetting[] = [];
  #random: () => number;

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
  }

  /** Replaces all settings; an empty list turns every fault off. */
  set(settings: readonly FaultSetting[], seed?: number): void {
    this.#settings = settings.map((setting) => ({ ...setting }));
    if (seed !== undefined) this.#random = seededRandom(seed);
  }

  get settings(): readonly FaultSetting[] {
    return this.#settings;
  }

  /** The setting that strikes now, or undefined. Asking counts as an occasion. */
  strikes(fault: Fault, operation?: string): FaultSetting | undefined {
    for (const setting of this.#settings) {
      if (setting.fault !== fault) continue;
      if (setting.operation !== undefined && setting.operation !== operation) continue;
      if (setting.remaining === 0) continue;
      if (this.#random() >= setting.probability) continue;
      if (setting.remaining !== undefined) setting.remaining -= 1;
      return setting;
    }
    return undefined;
  }

  random(): number {
    return this.#random();
  }
}
