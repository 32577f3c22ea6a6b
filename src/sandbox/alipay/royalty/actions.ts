import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import type { Alipay } from '../books.ts';

/** The share that a merchant agrees with the wallet is not set by any call. */
export function royaltyActions(alipay: Alipay): readonly SandboxAction[] {
  return [
    sandboxAction({
      name: 'royalty/ratio',
      summary: 'Sets the largest share of a payment that a merchant may split, in percent.',
      input: z.strictObject({ seller_id: z.string().max(32), percent: z.int().min(1).max(100) }),
      run: async ({ seller_id, percent }) => {
        const known = [...alipay.apps.values()].some((app) => app.seller_id === seller_id);
        if (!known) throw new ActionRefusal(404, `no merchant ${seller_id}`);
        alipay.royalty.ratios.put(seller_id, { percent });
        await alipay.options.store.committed();
        return { seller_id, percent };
      },
    }),
  ];
}
