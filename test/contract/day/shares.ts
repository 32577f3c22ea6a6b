import { newWalletReference } from '../../../src/ids.ts';
import type { SplitReceiver, Splits } from '../../../src/wallets/products/splits.ts';
import { until } from '../merchant.ts';
import { sandboxOf } from '../payments.ts';
import { receiverFor } from '../roles.ts';
import { type Desk, merchantOf } from './business.ts';
import { giveBack } from './going-back.ts';
import type { Payment } from './journal.ts';

/** What is done with held money: some is shared, some released, some given back again. */
interface Sharing {
  readonly desk: Desk;
  readonly splits: Splits;
  readonly payment: Payment;
  readonly receiver: SplitReceiver;
}

const named = ({ wallet_reference, wallet_transaction_id, sub_merchant }: Payment) => ({
  wallet_reference,
  wallet_transaction_id,
  ...(sub_merchant === undefined ? {} : { sub_merchant }),
});

/** Every receiver is known to the wallet before the day begins. */
export async function introduce(desk: Desk, roles: readonly string[]): Promise<void> {
  const { splits } = desk.stage.wallet;
  for (const role of splits ? roles : []) {
    const { account, sellers } = merchantOf(desk, role);
    const receiver = receiverFor(desk.stage, role);
    for (const sub_merchant of sellers.length > 0 ? sellers : [undefined]) {
      const seller = sub_merchant === undefined ? {} : { sub_merchant };
      const added = await splits?.addReceiver(account, { ...receiver, ...seller });
      if (added?.kind !== 'done') throw new Error(JSON.stringify(added));
    }
  }
}

/** Shares out what is held so far; old enough, for business time has gone on. */
export async function shareHeld(desk: Desk): Promise<void> {
  const { splits } = desk.stage.wallet;
  if (!splits) return;
  for (const payment of desk.held.splice(0)) {
    const receiver = receiverFor(desk.stage, payment.role);
    const sharing = { desk, splits, payment, receiver };
    if (desk.random() < 0.2) await release(sharing);
    else await share(sharing);
  }
}

async function release({ desk, splits, payment }: Sharing): Promise<void> {
  const { account } = merchantOf(desk, payment.role);
  const left = await splits.unsplitAmount(account, named(payment));
  if (left.kind !== 'amount') throw new Error(JSON.stringify(left));
  const outcome = await splits.release(account, {
    ...named(payment),
    split_reference: newWalletReference(0),
    amount: left.amount,
    description: '确认收货',
  });
  if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
}

async function share(sharing: Sharing): Promise<void> {
  const { desk, splits, payment, receiver } = sharing;
  const { account } = merchantOf(desk, payment.role);
  const most = Number((payment.amount * 29n) / 100n);
  const amount = 1n + BigInt(Math.floor(desk.random() * most));
  const split_reference = newWalletReference(0);
  const outcome = await splits.split(account, {
    ...named(payment),
    split_reference,
    parts: [{ ...receiver, amount, description: '佣金' }],
    release_rest: desk.random() < 0.5,
  });
  if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
  await until('the split', async () => {
    sandboxOf(desk.stage).advance(1_000);
    const asked = await splits.querySplit(account, { ...named(payment), split_reference });
    return asked.kind === 'fact' && asked.fact.state === 'finished' ? asked : undefined;
  });
  const shared = { ...payment, split_reference, receiver: receiver.account, amount };
  desk.journal.add({ ...shared, kind: 'split', at: sandboxOf(desk.stage).now() });
  if (desk.random() < 0.3) await undo(sharing, { split_reference, amount });
}

/** The receiver gives a part back; at Alipay only with a refund of the payment. */
async function undo(
  { desk, splits, payment, receiver }: Sharing,
  split: { split_reference: string; amount: bigint },
): Promise<void> {
  const { account } = merchantOf(desk, payment.role);
  const { split_reference } = split;
  const amount = 1n + BigInt(Math.floor(desk.random() * Number(split.amount)));
  let returned = split_reference;
  if (splits.returnSplit) {
    const return_reference = newWalletReference(0);
    const order = {
      return_reference,
      split_reference,
      ...named(payment),
      receiver,
      amount,
      description: '退货',
    };
    const outcome = await splits.returnSplit(account, order);
    if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
    await until('the return', async () => {
      sandboxOf(desk.stage).advance(1_000);
      const asked = await splits.queryReturn?.(account, order);
      return asked?.kind === 'fact' && asked.fact.state === 'succeeded' ? asked : undefined;
    });
    returned = return_reference;
  } else {
    const split_returns = [{ ...receiver, amount }];
    if (!(await giveBack(desk, payment, amount, { split_returns }))) return;
  }
  const shared = { ...payment, split_reference: returned, receiver: receiver.account, amount };
  desk.journal.add({ ...shared, kind: 'split_return', at: sandboxOf(desk.stage).now() });
}
