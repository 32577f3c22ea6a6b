import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../admin/actions.ts';
import { randomDigits } from '../random.ts';
import type { SandboxContext } from './context.ts';
import { keyActions } from './merchants/actions.ts';
import { BASIC } from './money.ts';
import { onboardingActions } from './onboarding/actions.ts';
import { couponActions } from './orders/coupons.ts';
import { refundActions } from './refunds/actions.ts';
import { transferActions } from './transfers/actions.ts';

/** What a developer may do to this wallet beyond its API. */
export function wechatPayActions(context: SandboxContext): readonly SandboxAction[] {
  return [
    ...keyActions(context),
    ...couponActions(context),
    ...refundActions(context),
    ...transferActions(context),
    ...onboardingActions(context),
    sandboxAction({
      name: 'withdraw',
      summary:
        'Takes an amount, or everything, out of a merchant’s or seller’s account, so that a refund meets NOT_ENOUGH.',
      input: z.strictObject({ mchid: z.string().max(32), amount: z.int().min(1).optional() }),
      run: async ({ mchid, amount: wanted }) => {
        const { clock, funds, merchants, store, sub_merchants } = context;
        if (!merchants.has(mchid) && !sub_merchants.get(mchid)) {
          throw new ActionRefusal(404, `no merchant ${mchid}`);
        }
        const free = funds.available(mchid, BASIC);
        const amount = wanted === undefined ? free : BigInt(wanted);
        if (amount > free) throw new ActionRefusal(409, 'more than the account holds');
        if (amount === 0n) return { mchid, amount, left: free };
        const business_no = `W${randomDigits(context.random, 20)}`;
        funds.post({
          holder: mchid,
          purse: BASIC,
          at: clock.now().getTime(),
          direction: 'out',
          amount,
          type: '提现',
          business_no,
          reference: business_no,
          note: '',
        });
        await store.committed();
        return { mchid, amount, left: funds.available(mchid, BASIC) };
      },
    }),
  ];
}
