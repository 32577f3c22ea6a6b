import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import { randomDigits } from '../../random.ts';
import type { Alipay } from '../books.ts';
import { PURSE } from '../money.ts';
import { fundBook } from './book.ts';
import { scheduleFailure } from './transfers.ts';

/** 100,000 yuan, so that a first transfer works without any setting. */
const START_FUNDS = 10_000_000n;

/**
 * At the start: the accounts that may transfer (certificate mode) get their first money, once, and
 * what was undecided goes on.
 */
export function openFundTransfers(alipay: Alipay): void {
  for (const { role, seller_id } of alipay.apps.values()) {
    const span = { from: 0, to: Number.MAX_SAFE_INTEGER };
    const fresh = alipay.funds.entries(seller_id, PURSE, span).length === 0;
    if (role === 'certificate' && fresh) topUp(alipay, seller_id, START_FUNDS);
  }
  for (const transfer of fundBook(alipay).undecided) scheduleFailure(alipay, transfer);
}

function topUp({ funds, options }: Alipay, seller_id: string, amount: bigint): void {
  const business_no = randomDigits(options.random, 28);
  funds.post({
    holder: seller_id,
    purse: PURSE,
    at: options.clock.now().getTime(),
    direction: 'in',
    amount,
    type: '充值',
    business_no,
    reference: business_no,
    note: '',
  });
}

export function fundActions(alipay: Alipay): readonly SandboxAction[] {
  return [
    sandboxAction({
      name: 'transfers/top-up',
      summary: 'Puts money (fen) into a merchant’s account, where its transfers come from.',
      input: z.strictObject({ seller_id: z.string().max(32), amount: z.int().min(1).max(1e12) }),
      run: async ({ seller_id, amount }) => {
        const known = [...alipay.apps.values()].some((app) => app.seller_id === seller_id);
        if (!known) throw new ActionRefusal(404, `no merchant ${seller_id}`);
        topUp(alipay, seller_id, BigInt(amount));
        await alipay.options.store.committed();
        return { seller_id, available: alipay.funds.available(seller_id, PURSE) };
      },
    }),
  ];
}
