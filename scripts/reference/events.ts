import { EVENT_TYPES, type EventType, type StepType } from '../../src/events.ts';
import { RETRY_GAPS_MS } from '../../src/webhooks/deliver.ts';
import { duration } from './duration.ts';
import { code, table } from './table.ts';

const EVENTS: Readonly<Record<EventType, string>> = {
  'payment.succeeded': 'A wallet confirmed the money, with the right total. Deliver the goods.',
  'payment.closed': 'Expired or cancelled, and nobody can pay it any more. Release the stock.',
  'payment.money_returned':
    'Money that came after the close, or from a second wallet, is back with the payer. ' +
    '`data.returned` has the amount, the refund and why. The state of the payment did not change.',
  'settlement.settled':
    'A merchant’s business day at one wallet account is settled; `data.object` has its sums.',
  'payout.created': 'A payout to a seller is decided and its amount reserved.',
  'payout.needs_payee':
    'The payee must accept the payout in the wallet; `data.object.confirmation` is what their app needs.',
  'payout.succeeded': 'The wallet paid the seller.',
  'payout.refused':
    'The wallet, or the payee, did not take the payout. The money may be paid out again.',
  'payout.cancelled': 'The payout was taken back. The money may be paid out again.',
  'payout.returned': 'A payout that had arrived came back. The money may be paid out again.',
  'refund.created': 'A refund you asked for is accepted and its amount reserved.',
  'refund.pending': 'The wallet took the refund and is working on it.',
  'refund.succeeded': 'The money is back with the payer.',
  'refund.refused': 'The wallet refused it for good; the amount is free again.',
  'refund.needs_action': 'The wallet cannot finish it by itself (a closed account, for example).',
  'hold.created': 'The money of a payment in escrow, or with splits, is held by its wallet.',
  'hold.partially_released': 'A part of held money went to the merchant and the receivers.',
  'hold.released': 'All that was held is released. `data.why` says by what.',
  'hold.returned': 'Refunds took all of the held money back to the payer.',
  'hold.shipped': 'The goods of an escrow order are on their way; its days count from now.',
  'hold.disputed': 'A dispute freezes the held money.',
  'hold.dispute_resolved': 'The dispute is over.',
  'hold.limit_near':
    'A dispute is open and in three days or less the wallet gives the money to the merchant. Decide.',
  'split.finished': 'Receivers got their shares, or gave them back; each part says which.',
  'split.refused':
    'The wallet refused a release, split or return. Held money stays held; a release of all of it is ' +
    'tried again after six hours, that of a part is not. A refund goes on without a share that did ' +
    'not come back.',
  'break.opened':
    'A wallet and the books differ about one of your payments or refunds, or about an account that ' +
    'is yours alone. `data.object` says how and what may be done.',
  'break.resolved': 'Somebody has dealt with it, or a later bill no longer has it.',
  'bill.closed':
    'A day of a wallet account was compared with the wallet’s bill, for the first time or again. Told ' +
    'only where every seller behind the account is yours.',
};

const STEPS: Readonly<Record<StepType, string>> = {
  'payment.created': 'The payment was created.',
  'attempt.created': 'An attempt was committed; the wallet is called next.',
  'attempt.presented': 'The wallet answered with what the shopper needs.',
  'attempt.unknown': 'The wallet did not answer; it is asked what became of it.',
  'attempt.succeeded': 'The wallet confirmed the money on this attempt.',
  'attempt.refused': 'The wallet refused the order.',
  'attempt.closed': 'The wallet confirmed that nobody can pay this attempt any more.',
  'attempt.abandoned': 'The end is not confirmed; the attempt is asked about until it is over.',
  'payment.close_requested': 'A cancellation or the expiry asked for the end.',
  'fact.ignored': 'A fact changed no state here: late, double, or already known.',
  'refund.waits': 'A refund was accepted during a release; it takes its money when that is over.',
  'payout.cancel_requested': 'A payout was asked back; the wallet is asked next.',
  'payout.cancel_refused': 'The wallet does not give a payout back; it goes on.',
  'split.created': 'A release, split or return was committed; the wallet is asked next.',
  'split.unknown': 'The wallet did not say what became of it; it is asked again.',
  'fact.refused': 'A fact did not fit (merchant, amount or currency); a break was opened.',
};

export function eventsPage(): string {
  const gaps = RETRY_GAPS_MS.map(duration);
  return `# Events

Events are delivered as webhooks to every endpoint that wants their type, and read in order from
\`GET /v1/events\`. How to receive them: [webhooks guide](../guides/webhooks.md).

${table(
  ['type', 'when'],
  EVENT_TYPES.map((type) => [code(type), EVENTS[type]]),
)}

## The object

The body of a webhook is the event:

\`\`\`json
{
  "id": "evt_0001KAHDX3ZJ6Q7V0M8T5R2W4Y9B",
  "object": "event",
  "type": "payment.succeeded",
  "created_at": "2026-11-21T04:00:00.000Z",
  "livemode": false,
  "platform": "plt_0001KAHDX3ZJ6Q7V0M8T5R2W4Y9B",
  "sequence": 2,
  "position": 1041,
  "data": { "object": { "object": "payment", "state": "succeeded" } }
}
\`\`\`

- \`id\` is the same in every delivery and every try: use it to do the work once.
- \`sequence\` orders the events of one object, from 1, and may have gaps. A smaller one that comes
  later is old news.
- \`position\` orders all events of the feed. It is \`null\` in a webhook that left before the position
  was given, about a second after the commit.
- \`data.object\` is the object that the type begins with, a payment for \`payment.succeeded\`, as it
  was then; a payment’s \`checkout_url\` is always \`null\` in it.

## Deliveries

Answer any 2xx within 10 s. Otherwise it is tried again after ${gaps.join(', ')}, each gap with 25 %
of jitter: ${RETRY_GAPS_MS.length + 1} tries over about three days. Then the delivery is \`failed\` and
can be replayed. Redirects are not followed. \`410\` disables the endpoint.

## Steps

The timeline of a payment also shows steps, which are not delivered:

${table(
  ['step', 'what happened'],
  Object.entries(STEPS).map(([type, what]) => [code(type), what]),
)}
`;
}
