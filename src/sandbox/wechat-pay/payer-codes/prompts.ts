import { type ConfirmOutcome, type PasswordPrompt, PhoneRefusal } from '../../sandbox.ts';
import type { SandboxContext } from '../context.ts';
import { expire } from '../orders/lives.ts';
import { payNow } from '../orders/pay.ts';
import type { OrderRecord } from '../orders/records.ts';
import { payeeName } from '../payer.ts';

/** What waits on a person's phone for the password, and what the person does with it. */
export function promptsOf(context: SandboxContext, person: string): readonly PasswordPrompt[] {
  return waiting(context, person).map((order) => ({
    id: promptId(order),
    payee: payeeName(context, order),
    amount: order.total,
    description: order.description,
  }));
}

function waiting(context: SandboxContext, person: string): readonly OrderRecord[] {
  const all = context.charges.waiting(person);
  for (const order of all) expire(context, order);
  return all.filter(({ state }) => state === 'USERPAYING');
}

/** Throws PhoneRefusal; a wrong password and an empty purse leave the prompt open. */
export async function answerPrompt(
  context: SandboxContext,
  id: string,
  outcome: ConfirmOutcome,
): Promise<{ state: 'paid' | 'cancelled' }> {
  const order = ofPrompt(context, id);
  if (outcome === 'wrong_password') throw new PhoneRefusal('wrong_password');
  if (outcome === 'cancel') {
    order.state = 'PAYERROR';
    context.books.putOrder(order);
  } else payNow(context, order, order.person ?? '');
  context.charges.over(order);
  await context.store.committed();
  return { state: outcome === 'cancel' ? 'cancelled' : 'paid' };
}

function ofPrompt(context: SandboxContext, id: string): OrderRecord {
  const order = context.books.orders.get(id);
  if (order) expire(context, order);
  if (order?.state !== 'USERPAYING') throw new PhoneRefusal('prompt_over');
  return order;
}

function promptId({ mchid, out_trade_no }: OrderRecord): string {
  return `${mchid}:${out_trade_no}`;
}
