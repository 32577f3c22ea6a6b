import type { Fault } from '../../src/sandbox/faults.ts';

/** What each fault does, and what a correct client of the wallet does about it. */
export const FAULT_MEANINGS: Readonly<Record<Fault, { does: string; client: string }>> = {
  notification_lost: {
    does: 'The notification is never delivered, nor are its retries.',
    client:
      'Ask the wallet about every order that is not final, on a schedule of its own. The hub asks ' +
      'after 10 s, then with growing gaps, and when a shopper looks at the page.',
  },
  notification_delayed: {
    does: 'The notification is held back for a random part of `delay_ms`, which also reorders it.',
    client:
      'Judge a fact by what it says, not by when it comes. A fact about a payment that is already ' +
      'closed is money that goes back.',
  },
  notification_duplicated: {
    does: 'The notification is delivered `copies` times more, each signed afresh.',
    client: 'Store a fact once, by the wallet’s own number and state; acknowledge every copy.',
  },
  error_after_effect: {
    does: 'The call takes effect, then the answer is a 5xx.',
    client:
      'Treat the outcome as unknown: query, or send the same request again under the same number. ' +
      'Never a new number.',
  },
  error_before_effect: {
    does: 'The call has no effect and the answer is a 5xx.',
    client: 'The same: from outside it cannot be told from the one above.',
  },
  timeout_after_effect: {
    does: 'The call takes effect and the answer never comes.',
    client: 'Give up after a stated time, keep the state unknown, and query.',
  },
  timeout_before_effect: {
    does: 'The call has no effect and no answer comes.',
    client: 'The same; when the query says that there is no such order, another may begin.',
  },
  notification_probed: {
    does: 'Before the genuine notification comes one whose signature is deliberately wrong, as the real wallet sends to test its merchants.',
    client: 'Refuse it with a 4xx, raise no alarm, and take the genuine one that follows.',
  },
  notification_wrong_amount: {
    does: 'A genuine, signed notification states another amount than was ordered.',
    client:
      'Compare every fact with the order; a fact that differs is never applied but looked into, and the wallet is asked.',
  },
  notification_answer_lost: {
    does: 'The connection is cut before the acknowledgement is read, so the wallet sends the notification again.',
    client: 'Acknowledge every copy; a fact counts once.',
  },
  answer_cut: {
    does: 'The call takes effect and the connection breaks in the middle of the answer.',
    client: 'Treat the outcome as unknown and query; never parse half an answer.',
  },
  connection_reset: {
    does: 'The connection is reset before the call is read; it has no effect.',
    client: 'From outside the call may have arrived: the outcome is unknown, so query.',
  },
  answer_slow: {
    does: 'The answer comes after `delay_ms`.',
    client: 'Set a budget for each call; when it is over, the outcome is unknown.',
  },
  answer_probed: {
    does: 'The call takes effect and its answer carries a deliberately wrong signature.',
    client: 'Do not believe the answer; the outcome is unknown, so query.',
  },
  answer_unsigned: {
    does: 'The call takes effect and its answer is not signed at all.',
    client: 'The same: an unsigned answer is no answer.',
  },
  answer_wrong_amount: {
    does: 'A query of a payment states another amount than was ordered, under a good signature.',
    client: 'Compare with the order, do not apply the fact, and raise an alarm.',
  },
  rate_limited: {
    does: 'The call is refused for its rate and has no effect.',
    client: 'Wait, then send the same request under the same number.',
  },
  key_rotated: {
    does: 'From now on the wallet signs with its next key; the one before stays valid for a while.',
    client:
      'Choose the key by the serial number in the message; fetch unknown certificates, no more than so often.',
  },
  password_asked: {
    does: 'A charge by payer code waits for the payer’s password, whatever the amount.',
    client:
      'Query every few seconds; when the time is over, reverse. Never charge again under another number.',
  },
  payer_short: {
    does: 'The payer has not enough money, whatever the balance.',
    client: 'Show the wallet’s reason and offer another wallet.',
  },
  merchant_short: {
    does: 'The merchant’s account at the wallet is short for a refund, a split or a payout.',
    client: 'Keep the number, tell the merchant to top up, and send the same request again.',
  },
  refund_stuck: {
    does: 'A refund cannot reach the payer and waits for somebody to act.',
    client:
      'Show it as needing action; send it to the payer’s card or to the merchant as the wallet offers.',
  },
  refund_delayed: {
    does: 'A refund is accepted and arrives after `delay_ms` of business time.',
    client: 'Accepted is not arrived: query until the wallet says that it has.',
  },
  split_part_refused: {
    does: 'One receiver of a split is refused; the others are served.',
    client: 'Read the result of each part; the refused part’s money stays with the seller.',
  },
  payout_fails: {
    does: 'A payout fails after it was accepted.',
    client:
      'Only a query or a notification that says so makes it failed; then a new number may be used.',
  },
  bill_late: {
    does: 'The bill is not ready at its time.',
    client: 'Ask again later; no bill is not an empty bill.',
  },
  bill_wrong: {
    does: 'The bill lacks a line, has one too many, or states another amount; its totals agree with it.',
    client: 'Match line by line; a difference is a break to clear, never a silent correction.',
  },
};
