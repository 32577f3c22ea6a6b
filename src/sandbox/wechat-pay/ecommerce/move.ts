import type { SandboxContext } from '../context.ts';
import { BASIC } from '../money.ts';
import { notEnough } from '../sharing/rules.ts';

/** Money between a platform and its sellers, at once. Throws NOT_ENOUGH and changes nothing. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  /** The fund-flow bill's word. */
  readonly type: string;
  readonly business_no: string;
  readonly reference: string;
  readonly note: string;
  /** A hold of the giver that is used first. */
  readonly from_hold?: string;
}

export function move(context: SandboxContext, wanted: Move): void {
  const { from, to, from_hold, ...shared } = wanted;
  if (spendable(context, from, from_hold) < wanted.amount) {
    throw notEnough(`商户号${from}的账户余额不足`);
  }
  const entry = { ...shared, purse: BASIC, at: context.clock.now().getTime() };
  const options = from_hold === undefined ? {} : { from_hold };
  context.funds.post({ ...entry, holder: from, direction: 'out' }, options);
  context.funds.post({ ...entry, holder: to, direction: 'in' });
}

/** What an account can give, with what is held for one payment. */
function spendable(context: SandboxContext, mchid: string, hold: string | undefined): bigint {
  const held = hold === undefined ? 0n : (context.funds.holdOf(hold)?.amount ?? 0n);
  return context.funds.available(mchid, BASIC) + held;
}
