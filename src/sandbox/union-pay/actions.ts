import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../admin/actions.ts';
import { randomDigits } from '../random.ts';
import type { UnionPay } from './books.ts';
import { PURSE } from './money.ts';
import { rotate } from './rotate.ts';

/** What a developer may do to this wallet beyond its API. */
export function unionPayActions(union: UnionPay): readonly SandboxAction[] {
  return [
    sandboxAction({
      name: 'certificates/rotate',
      summary: 'Signs from now on with a new certificate of the same authority.',
      input: z.strictObject({}),
      run: async () => ({ cert_id: await rotate(union) }),
    }),
    sandboxAction({
      name: 'certificates/expire',
      summary: 'Signs from now on with a certificate that has run out; rotate mends it.',
      input: z.strictObject({}),
      run: async () => ({ cert_id: await rotate(union, { expired: true }) }),
    }),
    withdraw(union),
  ];
}

function withdraw(union: UnionPay): SandboxAction {
  return sandboxAction({
    name: 'withdraw',
    summary: 'Takes an amount, or everything, out of the merchant’s account: refunds fall short.',
    input: z.strictObject({ mer_id: z.string().max(15), amount: z.int().min(1).optional() }),
    run: async ({ mer_id, amount: wanted }) => {
      const { funds, options } = union;
      if (!union.merchants.has(mer_id)) throw new ActionRefusal(404, 'no such merchant');
      const free = funds.available(mer_id, PURSE);
      const amount = wanted === undefined ? free : BigInt(wanted);
      if (amount > free) throw new ActionRefusal(409, 'more than the account holds');
      if (amount > 0n) {
        const business_no = randomDigits(options.random, 21);
        funds.post({
          holder: mer_id,
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
      }
      return { mer_id, amount, left: funds.available(mer_id, PURSE) };
    },
  });
}
