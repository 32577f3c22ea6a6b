import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import type { SandboxContext } from '../context.ts';
import { decideWithdrawal } from '../ecommerce/withdrawals.ts';
import { NOTICE_SUBJECTS } from '../sharing/book.ts';
import type { Application, Step } from './applications.ts';
import { advance, enter, sign } from './steps.ts';

/** What a developer may decide in the place of reviewers, sellers and banks. */
const OVER: ReadonlySet<Step> = new Set(['finished', 'rejected', 'frozen', 'cancelled']);
const reason = z.strictObject({ field: z.string().max(64), message: z.string().max(256) });

export function onboardingActions(context: SandboxContext): readonly SandboxAction[] {
  return [...applicationActions(context), ...sellerActions(context)];
}

function applicationActions(context: SandboxContext): SandboxAction[] {
  return [
    sandboxAction({
      name: 'applyments/decide',
      summary:
        'Decides a seller’s application: verify the account, approve it up to the signature, sign, reject with reasons, or freeze.',
      input: z.strictObject({
        applyment_id: z.string().max(32),
        decision: z.enum(['verify', 'approve', 'sign', 'reject', 'freeze']),
        reasons: z.array(reason).max(20).optional(),
      }),
      run: async ({ applyment_id, decision, reasons }) => {
        const application = context.applications.ofId(applyment_id);
        if (!application) throw new ActionRefusal(404, `no application ${applyment_id}`);
        advance(context, application);
        decide(context, application, { decision, reasons: reasons ?? [] });
        await context.store.committed();
        const { step, sub_mchid } = application;
        return { applyment_id, step, sub_mchid };
      },
    }),
    sandboxAction({
      name: 'applyments/list',
      summary: 'Lists sellers’ applications, newest last.',
      input: z.strictObject({}),
      run: () => ({
        data: context.applications.newest(200).map((application) => {
          advance(context, application);
          const { applyment_id, mchid, number, step, sub_mchid } = application;
          return { applyment_id, mchid, number, step, sub_mchid };
        }),
      }),
    }),
  ];
}

function sellerActions(context: SandboxContext): SandboxAction[] {
  return [
    sandboxAction({
      name: 'notices/address',
      summary:
        'Says where a merchant is told of received splits, withdrawals or decided applications; empty for nowhere.',
      input: z.strictObject({
        mchid: z.string().max(32),
        about: z.enum(NOTICE_SUBJECTS),
        notify_url: z.union([z.literal(''), z.url({ protocol: /^https?$/ }).max(255)]),
      }),
      run: async (address) => {
        if (!context.merchants.has(address.mchid)) {
          throw new ActionRefusal(404, `no merchant ${address.mchid} that could read a notice`);
        }
        context.sharing.setAddress(address);
        await context.store.committed();
        return address;
      },
    }),
    sandboxAction({
      name: 'withdrawals/decide',
      summary: 'Says what the bank did with a seller’s withdrawal: arrived, refused, or sent back.',
      input: z.strictObject({
        withdraw_id: z.string().max(64),
        status: z.enum(['SUCCESS', 'FAIL', 'REFUND']),
      }),
      run: async ({ withdraw_id, status }) => {
        const found = context.withdrawals.ofId(withdraw_id);
        if (!found) throw new ActionRefusal(404, `no withdrawal ${withdraw_id}`);
        const from = status === 'REFUND' ? 'SUCCESS' : 'CREATE_SUCCESS';
        if (found.status !== from) throw new ActionRefusal(409, `it is ${found.status}`);
        decideWithdrawal(context, found, status);
        await context.store.committed();
        return { withdraw_id, status };
      },
    }),
    sandboxAction({
      name: 'sub-merchants/split-ratio',
      summary: 'Sets the largest share of a seller’s payments that may be split, ten-thousandths.',
      input: z.strictObject({ sub_mchid: z.string().max(32), ratio: z.int().min(0).max(10_000) }),
      run: async ({ sub_mchid, ratio }) => {
        const seller = context.sub_merchants.get(sub_mchid);
        if (!seller) throw new ActionRefusal(404, `no seller ${sub_mchid}`);
        seller.max_split_ratio = ratio;
        context.sub_merchants.put(seller);
        await context.store.committed();
        return { sub_mchid, ratio };
      },
    }),
  ];
}

function decide(
  context: SandboxContext,
  application: Application,
  given: {
    decision: 'verify' | 'approve' | 'sign' | 'reject' | 'freeze';
    reasons: readonly { field: string; message: string }[];
  },
): void {
  const at = context.clock.now().getTime();
  const { step, family } = application;
  if (OVER.has(step) && !(given.decision === 'freeze' && step === 'finished')) {
    throw new ActionRefusal(409, `the application is ${step}`);
  }
  switch (given.decision) {
    case 'verify':
      if (step !== 'verifying') throw new ActionRefusal(409, `the application is ${step}`);
      enter(context, application, { step: family === 'platform' ? 'auditing' : 'signing', at });
      return;
    case 'approve':
      application.findings = [];
      enter(context, application, { step: 'signing', at });
      return;
    case 'sign':
      if (!sign(context, application)) throw new ActionRefusal(409, `the application is ${step}`);
      return;
    case 'reject':
      application.findings = given.reasons.map(({ field, message }) => ({
        field,
        label: field,
        reason: message,
      }));
      enter(context, application, { step: 'rejected', at });
      return;
    case 'freeze':
      enter(context, application, { step: 'frozen', at });
      return;
    default:
      given.decision satisfies never;
  }
}
