import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import type { SandboxContext } from '../context.ts';
import { closeRefund } from './progress.ts';

/** What WeChat Pay does to refunds that nobody resolves. */
export function refundActions(context: SandboxContext): readonly SandboxAction[] {
  return [
    sandboxAction({
      name: 'refunds/close',
      summary:
        'Gives up a refund that has not arrived: it is CLOSED and its money is the merchant’s again.',
      input: z.strictObject({ mchid: z.string().max(32), out_refund_no: z.string().max(64) }),
      run: async ({ mchid, out_refund_no }) => {
        const refund = context.books.refund(mchid, out_refund_no);
        const order = refund && context.books.order(mchid, refund.out_trade_no);
        if (!refund || !order) throw new ActionRefusal(404, `no refund ${out_refund_no}`);
        if (refund.status !== 'ABNORMAL' && refund.status !== 'PROCESSING') {
          throw new ActionRefusal(409, `the refund is ${refund.status}`);
        }
        closeRefund(context, order, refund);
        await context.store.committed();
        return { out_refund_no, status: refund.status };
      },
    }),
  ];
}
