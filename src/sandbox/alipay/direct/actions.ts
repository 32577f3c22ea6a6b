import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import type { Alipay } from '../books.ts';
import { decide } from './review.ts';

/** A developer is the reviewer of sellers' applications. */
export function directActions(alipay: Alipay): readonly SandboxAction[] {
  return [
    sandboxAction({
      name: 'applications/decide',
      summary: 'Decides a seller’s application before the wallet does.',
      input: z.strictObject({
        order_id: z.string().max(64),
        outcome: z.enum(['passed', 'rejected']),
        memo: z.string().max(256).default(''),
      }),
      run: async ({ order_id, outcome, memo }) => {
        const application = alipay.direct.applications.get(order_id);
        if (!application) throw new ActionRefusal(404, `no application ${order_id}`);
        if (application.state !== 'reviewing') throw new ActionRefusal(409, 'decided already');
        decide(alipay, application, { outcome, memo });
        await alipay.options.store.committed();
        return { order_id, outcome, smid: application.smid };
      },
    }),
  ];
}
