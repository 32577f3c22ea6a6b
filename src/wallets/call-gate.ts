/**
 * Stands before every wallet call: a token bucket for each limited operation of an account, and a
 * circuit breaker for each host. A call that may not go is refused before any byte leaves, so it
 * is safe to try again under the same reference. Real time.
 */
export type GateVerdict =
  | { readonly kind: 'go' }
  /** The host broke so often of late that it is left alone until `retry_at`. */
  | { readonly kind: 'circuit_open'; readonly retry_at: Date }
  /** The wallet's own rate would be exceeded even after the longest wait. */
  | { readonly kind: 'too_many' };

export interface GateCall {
  /** Host and port of the wallet. */
  readonly host: string;
  readonly account: string;
  readonly operation: string;
  readonly per_second?: number;
}

export interface GateOptions {
  readonly real: () => Date;
  /** Longest a call waits for its turn, milliseconds. */
  readonly max_wait_ms?: number;
  /** Consecutive failures that open the circuit. */
  readonly failures?: number;
  /** How long it stays open before one call may probe, milliseconds. */
  readonly open_ms?: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

interface Circuit {
  failures: number;
  open_until: number;
  probing: boolean;
}

const MAX_BUCKETS = 10_000;
const MAX_WAIT_MS = 1_000;
const FAILURES = 20;
const OPEN_MS = 5_000;

export class CallGate {
  readonly #real: () => Date;
  readonly #maxWait: number;
  readonly #failures: number;
  readonly #openMs: number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #circuits = new Map<string, Circuit>();

  constructor(options: GateOptions) {
    this.#real = options.real;
    this.#maxWait = options.max_wait_ms ?? MAX_WAIT_MS;
    this.#failures = options.failures ?? FAILURES;
    this.#openMs = options.open_ms ?? OPEN_MS;
  }

  /** Waits for the call's turn; after `go` the caller says how it ended with `leave`. */
  async enter(call: GateCall): Promise<GateVerdict> {
    const now = this.#real().getTime();
    const circuit = this.#circuits.get(call.host);
    if (circuit && circuit.failures >= this.#failures) {
      if (now < circuit.open_until || circuit.probing) {
        return { kind: 'circuit_open', retry_at: new Date(Math.max(now, circuit.open_until)) };
      }
      circuit.probing = true;
    }
    const wait = call.per_second === undefined ? 0 : this.#take(call, call.per_second, now);
    if (wait > this.#maxWait) {
      if (circuit) circuit.probing = false;
      return { kind: 'too_many' };
    }
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    return { kind: 'go' };
  }

  /** `broken`: no answer, or a 5xx. Anything the wallet answered otherwise shows that it lives. */
  leave(host: string, ended: 'answered' | 'broken'): void {
    if (ended === 'answered') {
      this.#circuits.delete(host);
      return;
    }
    const circuit = this.#circuits.get(host) ?? { failures: 0, open_until: 0, probing: false };
    circuit.failures += 1;
    circuit.probing = false;
    if (circuit.failures >= this.#failures) {
      circuit.open_until = this.#real().getTime() + this.#openMs;
    }
    this.#circuits.set(host, circuit);
  }

  /** True while calls to this host are refused unsent. */
  isOpen(host: string): boolean {
    const circuit = this.#circuits.get(host);
    return (
      circuit !== undefined &&
      circuit.failures >= this.#failures &&
      this.#real().getTime() < circuit.open_until
    );
  }

  /** Milliseconds until the taken token is there; takes nothing when that is too long. */
  #take({ account, operation }: GateCall, rate: number, now: number): number {
    const key = `${account} ${operation}`;
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.clear();
      bucket = { tokens: rate, at: now };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(rate, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    const wait = bucket.tokens >= 1 ? 0 : ((1 - bucket.tokens) / rate) * 1000;
    if (wait <= this.#maxWait) bucket.tokens -= 1;
    return wait;
  }
}
