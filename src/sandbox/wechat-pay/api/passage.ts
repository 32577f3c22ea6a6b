import type { Fault, FaultDial, FaultSetting, Occasion } from '../../faults.ts';
import type { SignatureVerdict } from '../../requests.ts';
import type { Merchant } from '../merchants/keys.ts';

/** What is learned of one call on its way through: for its answer and for the log. */
export class Passage {
  readonly started = performance.now();
  operation: string | null = null;
  merchant: Merchant | undefined;
  /** The money it is about, once known, for sentinel amounts of the fault dial. */
  amount: bigint | undefined;
  signature: SignatureVerdict = { state: 'not_checked', hint: '' };
  readonly #faults: FaultDial;
  readonly #struck: string[] = [];

  constructor(faults: FaultDial) {
    this.#faults = faults;
  }

  get occasion(): Occasion {
    return { operation: this.operation ?? undefined, amount: this.amount };
  }

  /** Asks the dial and remembers what struck. */
  strikes(fault: Fault): FaultSetting | undefined {
    const setting = this.#faults.strikes(fault, this.occasion);
    if (setting) this.#struck.push(fault);
    return setting;
  }

  note(fault: Fault): void {
    this.#struck.push(fault);
  }

  get fault(): string | null {
    return this.#struck.length === 0 ? null : this.#struck.join(', ');
  }
}
