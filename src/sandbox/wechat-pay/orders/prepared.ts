import type { Payable } from './records.ts';

/** Finds orders by prepay id and by code; the voided ones of the last renewal stay known. */
export class PreparedIndex {
  readonly #byPrepay = new Map<string, Payable>();
  readonly #byToken = new Map<string, Payable>();

  ofPrepay(prepay_id: string): Payable | undefined {
    return this.#byPrepay.get(prepay_id);
  }

  ofToken(token: string): Payable | undefined {
    return this.#byToken.get(token);
  }

  add(payable: Payable): void {
    if (payable.prepay_id === '') return;
    this.#byPrepay.set(payable.prepay_id, payable);
    this.#byToken.set(payable.token, payable);
    if (payable.voided_prepay_id !== null) this.#byPrepay.set(payable.voided_prepay_id, payable);
    if (payable.voided_token !== null) this.#byToken.set(payable.voided_token, payable);
  }

  /** Fresh prepay id and code; the previous ones become the voided, older ones are forgotten. */
  renew(payable: Payable, fresh: { prepay_id: string; token: string; now: number }): void {
    if (payable.voided_prepay_id !== null) this.#byPrepay.delete(payable.voided_prepay_id);
    if (payable.voided_token !== null) this.#byToken.delete(payable.voided_token);
    payable.voided_prepay_id = payable.prepay_id;
    payable.voided_token = payable.token;
    payable.prepay_id = fresh.prepay_id;
    payable.token = fresh.token;
    payable.prepared_at = fresh.now;
    this.add(payable);
  }
}
