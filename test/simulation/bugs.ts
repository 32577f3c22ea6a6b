/**
 * Bugs that the simulator must find, each a mistake that a hub like this could really have. They
 * are wrapped around the hub here; the hub itself has no switch for them.
 */
export const BUGS = [
  /** A refund without an answer is sent once more, under a new number. */
  'refund_sent_anew',
  /** The same of a payout to a seller. */
  'payout_sent_anew',
  /** The same of shares and releases of held money. */
  'share_given_anew',
  /** A refund without an answer is taken for a refused one. */
  'timeout_taken_for_refusal',
  /** A move commits although the row that it was decided on has changed meanwhile. */
  'version_ignored',
  /** Now and then a move commits without telling anybody. */
  'event_forgotten',
] as const;
export type Bug = (typeof BUGS)[number];

export function isBug(text: string): text is Bug {
  return (BUGS as readonly string[]).includes(text);
}
