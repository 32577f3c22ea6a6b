/** Several orders that are paid together or not at all. */
export interface Merge {
  readonly pre_order_no: string;
  readonly app_id: string;
  readonly out_merge_no: string;
  /** What was asked for: the same number with other parts is another order. */
  readonly digest: string;
  /** Keys of the parts in the book of trades, in the order of the request. */
  readonly parts: readonly string[];
  /** Unguessable part of the cashier's address. */
  readonly token: string;
  /** Business time, epoch milliseconds. */
  readonly expires_at: number;
  /** Set by the client's call: where its browser goes afterwards. */
  return_url: string | null;
  quit_url: string | null;
}
