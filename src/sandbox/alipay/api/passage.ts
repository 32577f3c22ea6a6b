import { randomBytes } from 'node:crypto';
import { fromYuan } from '../../../money.ts';
import type { Fault, FaultDial, FaultSetting } from '../../faults.ts';
import type { SignatureVerdict } from '../../requests.ts';
import type { App } from '../books.ts';

/** One request as it came. */
export interface Incoming {
  readonly verb: string;
  /** Path and query as on the request line. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What goes back when nothing is done to it on the way. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** `ok`, or the wallet's own error code. */
  readonly verdict: string;
  readonly reason: string | null;
}

const MONEY = ['total_amount', 'refund_amount', 'trans_amount', 'amount'] as const;

/** What is learned of one call on its way through: for its answer, the fault dial and the log. */
export class Passage {
  readonly started = performance.now();
  readonly trace_id = randomBytes(15).toString('hex');
  operation: string | null = null;
  /** Who says to be calling, believed or not. */
  caller: string | null = null;
  /** Set once the call is proven to be this application's. */
  app: App | undefined;
  amount: bigint | undefined;
  signature: SignatureVerdict = { state: 'not_checked', hint: '' };
  readonly #faults: FaultDial;
  readonly #struck: string[] = [];

  constructor(faults: FaultDial) {
    this.#faults = faults;
  }

  /** Takes the money a call or an answer is about, for sentinel amounts. */
  meet(content: Readonly<Record<string, unknown>> | undefined): void {
    if (!content || this.amount !== undefined) return;
    for (const name of MONEY) {
      const value = content[name];
      if (typeof value === 'string' || typeof value === 'number') {
        this.amount = fromYuan(String(value));
        if (this.amount !== undefined) return;
      }
    }
  }

  /** Asks the dial and remembers what struck. */
  strikes(fault: Fault): FaultSetting | undefined {
    const { operation, amount } = this;
    const setting = this.#faults.strikes(fault, { operation: operation ?? undefined, amount });
    if (setting) this.#struck.push(fault);
    return setting;
  }

  get fault(): string | null {
    return this.#struck.length === 0 ? null : this.#struck.join(', ');
  }
}
