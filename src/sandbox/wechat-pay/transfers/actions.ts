import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import { randomDigits } from '../../random.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { OPERATION } from '../money.ts';
import { end } from './consents.ts';

/** 100,000 yuan, so that a first transfer works without any setting. */
const START_FUNDS = 10_000_000n;

/** Gives each merchant's operation account its first money, once. */
export function openOperationAccounts(context: SandboxContext): void {
  for (const { mchid } of context.merchants.values()) {
    const span = { from: 0, to: Number.MAX_SAFE_INTEGER };
    if (context.funds.entries(mchid, OPERATION, span).length === 0) {
      topUp(context, mchid, START_FUNDS);
    }
  }
}

export function topUp(context: SandboxContext, mchid: Merchant['mchid'], amount: bigint): void {
  const business_no = `C${randomDigits(context.random, 20)}`;
  context.funds.post({
    holder: mchid,
    purse: OPERATION,
    at: context.clock.now().getTime(),
    direction: 'in',
    amount,
    type: '充值',
    business_no,
    reference: business_no,
    note: '',
  });
}

export function transferActions(context: SandboxContext): readonly SandboxAction[] {
  return [
    sandboxAction({
      name: 'transfers/top-up',
      summary: 'Puts money (fen) into a merchant’s operation account, where transfers come from.',
      input: z.strictObject({ mchid: z.string().max(32), amount: z.int().min(1).max(1e12) }),
      run: async ({ mchid, amount }) => {
        if (!context.merchants.has(mchid)) throw new ActionRefusal(404, `no merchant ${mchid}`);
        topUp(context, mchid, BigInt(amount));
        await context.store.committed();
        return { mchid, available: context.funds.available(mchid, OPERATION) };
      },
    }),
    sandboxAction({
      name: 'transfers/end-consent',
      summary: 'The payee withdraws a standing consent, as they may in their wallet at any time.',
      input: z.strictObject({ authorization_id: z.string().max(64) }),
      run: async ({ authorization_id }) => {
        const record = context.transfers.consentById(authorization_id);
        if (record?.state !== 'TAKING_EFFECT') {
          throw new ActionRefusal(404, `no consent ${authorization_id} in effect`);
        }
        end(context, record, 'USER_CLOSE');
        await context.store.committed();
        return { authorization_id, state: record.state };
      },
    }),
  ];
}
