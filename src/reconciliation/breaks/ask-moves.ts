import type { App } from '../../app.ts';
import { advancePayout } from '../../payouts/advance.ts';
import { isOpen, type Payout } from '../../payouts/payout.ts';
import { askPayout, findPayoutNamed } from '../../payouts/send.ts';
import { askAboutSplit } from '../../profit-sharing/ask.ts';
import { findSplitNamed } from '../../profit-sharing/find.ts';
import type { SplitOrder } from '../../profit-sharing/split-order.ts';
import { requireAccount } from '../../wallets/registry.ts';
import { type Asked, unsaid } from './asked.ts';
import type { Break } from './break.ts';

/** What a wallet, or somebody who asked it, says about the break of a payout or a share. */
const NOTHING_TO_ASK: Asked = { agrees: false, said: 'there is nothing to ask the wallet for' };

/** The payout that a break is about, while we have one of that number. */
export function payoutOf(app: App, found: Break): Promise<Payout | undefined> {
  const { book, wallet_account_id, subject: payout_reference } = found;
  return findPayoutNamed(app, { book, wallet_account_id, payout_reference });
}

export async function askAboutPayout(app: App, found: Break): Promise<Asked> {
  const before = await payoutOf(app, found);
  if (!before) return NOTHING_TO_ASK;
  const { answer, heard } = await askPayout(app, before);
  if (answer.kind !== 'fact') return unsaid(answer, 'payout');
  const { state } = answer.report;
  const now = await payoutOf(app, found);
  const same = heard !== 'refuse' && now?.state === state;
  // Money that went and did not come back is explained by neither side's saying that it is over.
  const explains = now?.state !== before.state || state === 'succeeded' || found.kind !== 'state';
  return { agrees: same && explains, said: `the wallet says ${state}` };
}

/** Somebody knows what became of it: their word takes the way that the wallet's would. */
export async function bookPayout(
  app: App,
  found: Break,
  state: 'succeeded' | 'returned',
): Promise<Asked> {
  const payout = await payoutOf(app, found);
  if (!payout) return { agrees: false, said: 'no payout here has this number' };
  const account = await requireAccount(app.wallets, found.wallet_account_id);
  const { kind, payout_reference } = payout;
  // An open payout waits for the wallet's own word.
  if (isOpen(payout)) return { agrees: false, said: `the payout is ${payout.state}` };
  await advancePayout(app, account, { kind, payout_reference, state }, 'person');
  const now = await payoutOf(app, found);
  return { agrees: now?.state === state, said: `the payout is ${now?.state}` };
}

export async function askAboutShare(app: App, found: Break): Promise<Asked> {
  const order = await orderOf(app, found);
  const answer = order && (await askAboutSplit(app, order));
  if (!answer) return NOTHING_TO_ASK;
  if (answer.kind !== 'fact') return unsaid(answer, 'split');
  const now = await orderOf(app, found);
  const receiver = found.detail['receiver'];
  const there =
    'parts' in answer.fact
      ? given(answer.fact.parts, receiver)
      : answer.fact.state === 'succeeded'
        ? answer.fact.amount
        : 0n;
  const here = given(now?.parts ?? [], receiver);
  return {
    agrees: there > 0n && there === here,
    said: `the wallet says ${answer.fact.state}, ${there} fen given; here it is ${here}`,
  };
}

function orderOf(app: App, { book, subject, detail }: Break): Promise<SplitOrder | undefined> {
  const told = detail['reference'] ?? subject;
  return findSplitNamed(app, { book, split_reference: String(told) });
}

type Given = Pick<SplitOrder['parts'][number], 'account' | 'amount' | 'state'>;

/** To one receiver where the break names it, else to all of them. */
function given(parts: readonly Given[], receiver: unknown): bigint {
  return parts
    .filter(({ account }) => typeof receiver !== 'string' || account === receiver)
    .reduce((sum, { amount, state }) => (state === 'succeeded' ? sum + amount : sum), 0n);
}
