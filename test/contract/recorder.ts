import { expect, vi } from 'vitest';
import { CallGate } from '../../src/wallets/call-gate.ts';
import type { Wallet, WalletTrace } from '../../src/wallets/wallet.ts';
import { atFileEnd } from '../support/file-end.ts';

/**
 * What a connector showed of its calls while the suite ran: every trace it gave back, and every
 * call that left it, also those within a longer outcome that have no trace of their own.
 */
const MAX_TRACES = 5_000;

export class Recorder {
  readonly wallet: Wallet;
  readonly #traces: WalletTrace[] = [];
  /** Somebody's own words by what they are: no trace may show them. */
  readonly #private = new Map<string, string>();
  readonly #left = vi.spyOn(CallGate.prototype, 'enter');
  readonly #host: string;

  constructor(wallet: Wallet, sandbox_url: string) {
    this.#host = new URL(sandbox_url).host;
    this.wallet = this.#watched(wallet);
    atFileEnd(() => this.#left.mockRestore());
  }

  /** Remembers what no trace may show; returns it. */
  private(what: string, word: string): string {
    this.#private.set(word, what);
    return word;
  }

  /** Operations, as traces and as the gate before the network name them. */
  get operations(): ReadonlySet<string> {
    const gone = this.#left.mock.calls.map(([call]) => call);
    const here = gone.filter(({ host }) => host === this.#host);
    return new Set([...this.#traces, ...here].map(({ operation }) => operation));
  }

  /** Fails on the first trace that shows a secret, or what is somebody's own. */
  expectDiscreet(secrets: Readonly<Record<string, string>>): void {
    const words = new Map(this.#private);
    for (const [name, secret] of Object.entries(secrets)) {
      // The middle of a key: its first characters are the same for all keys of its kind.
      words.set(secret.length > 100 ? secret.slice(60, 90) : secret, name);
    }
    expect(this.#traces.length).toBeGreaterThan(30);
    for (const trace of this.#traces) {
      const text = JSON.stringify(trace, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      );
      const shown = [...words].filter(([word]) => text.includes(word)).map(([, what]) => what);
      expect([trace.operation, shown]).toEqual([trace.operation, []]);
    }
  }

  #watched<T extends object>(part: T): T {
    return new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value === 'function') {
          return (...given: unknown[]) => this.#seen(Reflect.apply(value, target, given));
        }
        return isGroup(value) ? this.#watched(value) : value;
      },
    });
  }

  #seen(result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    return result.then((outcome: unknown) => {
      const full = this.#traces.length >= MAX_TRACES;
      if (!full && typeof outcome === 'object' && outcome !== null && 'trace' in outcome) {
        this.#traces.push(outcome.trace as WalletTrace);
      }
      return outcome;
    });
  }
}

/** A product: an object with functions. */
function isGroup(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).some((member) => typeof member === 'function');
}
