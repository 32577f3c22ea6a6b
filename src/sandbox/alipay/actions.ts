import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../admin/actions.ts';
import { randomDigits } from '../random.ts';
import type { Alipay } from './books.ts';
import { directActions } from './direct/actions.ts';
import { fundActions } from './funds/actions.ts';
import { PURSE } from './money.ts';
import { openActions } from './open/actions.ts';
import { royaltyActions } from './royalty/actions.ts';
import { tradeActions } from './trade/actions.ts';

/** What a developer may do to this wallet beyond its API. */
export function alipayActions(alipay: Alipay): readonly SandboxAction[] {
  return [
    ...fundActions(alipay),
    ...tradeActions(alipay),
    ...royaltyActions(alipay),
    ...directActions(alipay),
    ...openActions(alipay),
    sandboxAction({
      name: 'withdraw',
      summary:
        'Takes an amount, or everything, out of a seller’s account: refunds then fall short.',
      input: z.strictObject({
        seller_id: z.string().max(32),
        amount: z.int().min(1).optional(),
      }),
      run: async ({ seller_id, amount: wanted }) => {
        const { funds, options } = alipay;
        alipay.agenda.advance();
        const free = funds.available(seller_id, PURSE);
        const amount = wanted === undefined ? free : BigInt(wanted);
        if (amount > free) throw new ActionRefusal(409, 'more than the account holds');
        if (amount === 0n) return { seller_id, amount, left: free };
        const business_no = randomDigits(options.random, 28);
        funds.post({
          holder: seller_id,
          purse: PURSE,
          at: options.clock.now().getTime(),
          direction: 'out',
          amount,
          type: '提现',
          business_no,
          reference: business_no,
          note: '',
        });
        await options.store.committed();
        return { seller_id, amount, left: funds.available(seller_id, PURSE) };
      },
    }),
  ];
}
