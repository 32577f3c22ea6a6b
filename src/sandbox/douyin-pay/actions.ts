import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../admin/actions.ts';
import type { Funds } from '../funds.ts';
import { randomDigits } from '../random.ts';
import { PURSE } from './books.ts';
import { settleWhenDue } from './refunds.ts';
import type { DouyinPay } from './wallet.ts';

/** What a developer may do to this wallet beyond its API. */
export function douyinPayActions(douyin: DouyinPay, funds: Funds): readonly SandboxAction[] {
  const { keys, options } = douyin;
  return [
    sandboxAction({
      name: 'withdraw',
      summary: 'Takes an amount, or everything, out of the merchant’s account.',
      input: z.strictObject({ amount: z.int().min(1).optional() }),
      run: async ({ amount: wanted }) => {
        const free = funds.available(keys.mchid, PURSE);
        const amount = wanted === undefined ? free : BigInt(wanted);
        if (amount > free) throw new ActionRefusal(409, 'more than the account holds');
        const business_no = randomDigits(options.random, 24);
        if (amount > 0n) {
          funds.post({
            holder: keys.mchid,
            purse: PURSE,
            at: options.clock.now().getTime(),
            direction: 'out',
            amount,
            type: '提现',
            business_no,
            reference: business_no,
            note: '',
          });
        }
        await options.store.committed();
        return { amount, left: funds.available(keys.mchid, PURSE) };
      },
    }),
    sandboxAction({
      name: 'certificates/rotate',
      summary: 'Signs with a new certificate from now on; the ones before stay valid.',
      input: z.strictObject({}),
      run: async () => ({ serial: (await keys.rotate(options.clock.real())).serial }),
    }),
    sandboxAction({
      name: 'refunds/unstick',
      summary: 'Lets a refund that is ABNORMAL arrive after all.',
      input: z.strictObject({ out_refund_no: z.string().max(64) }),
      run: async ({ out_refund_no }) => {
        const refund = douyin.books.refunds.get(out_refund_no);
        if (refund?.status !== 'ABNORMAL') throw new ActionRefusal(404, 'no such stuck refund');
        refund.status = 'PROCESSING';
        settleWhenDue(douyin, refund);
        await options.store.committed();
        return { status: refund.status };
      },
    }),
  ];
}
