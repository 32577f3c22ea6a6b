import { randomDigits, randomLetters } from '../../random.ts';
import type { Collection } from '../../store.ts';
import { otherParameters } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import type { BankAccount } from '../merchants/sub-merchants.ts';

/**
 * Sellers' applications, of both families. Each family has its own words for the same steps:
 *
 * platform: checking → verifying (corporate accounts) → auditing → signing → finished
 * partner: auditing → verifying → signing → opening → finished; unattended for 30 days → cancelled
 * both: → rejected, where something in it is wrong; → frozen, by hand.
 *
 * Steps pass by business time, except signing: somebody presses the button of the sign page.
 */
export const STEPS = [
  'checking',
  'verifying',
  'auditing',
  'signing',
  'opening',
  'finished',
  'rejected',
  'frozen',
  'cancelled',
] as const;
export type Step = (typeof STEPS)[number];

export interface Finding {
  /** The field in the call's own words. */
  readonly field: string;
  readonly label: string;
  readonly reason: string;
}

export interface Applicant {
  /** Registered name: what a receiver of splits is called. */
  readonly name: string;
  readonly short_name: string;
  readonly legal_person: string;
  readonly sub_appid: string | null;
  readonly account: BankAccount;
}

export interface Application {
  readonly applyment_id: string;
  readonly family: 'platform' | 'partner';
  readonly mchid: string;
  /** The caller's number: `out_request_no` or `business_code`. */
  readonly number: string;
  readonly fingerprint: string;
  readonly applicant: Applicant;
  readonly created_at: number;
  readonly sign_token: string;
  /** Fen that the seller must transfer to prove a corporate account. */
  readonly proof_amount: number;
  findings: readonly Finding[];
  step: Step;
  step_at: number;
  sub_mchid: string | null;
}

export function applications(context: SandboxContext): Collection<Application> {
  return context.store.collection<Application>('applications');
}

export function putApplication(context: SandboxContext, application: Application): void {
  applications(context).put(application.applyment_id, application);
}

export function applicationOf(
  context: SandboxContext,
  named: { mchid: string; number: string },
): Application | undefined {
  const all = [...applications(context).values()];
  return all.findLast((each) => each.mchid === named.mchid && each.number === named.number);
}

export function applicationOfToken(
  context: SandboxContext,
  token: string,
): Application | undefined {
  return [...applications(context).values()].find((each) => each.sign_token === token);
}

/**
 * The same number with the same data is the same application. A rejected one may be sent again
 * under its number with better data, as a new application.
 */
export function submit(
  context: SandboxContext,
  merchant: Merchant,
  wanted: {
    family: Application['family'];
    number: string;
    fingerprint: string;
    applicant: Applicant;
    findings: readonly Finding[];
  },
): Application {
  const known = applicationOf(context, { mchid: merchant.mchid, number: wanted.number });
  if (known && known.step !== 'rejected' && known.step !== 'cancelled') {
    if (known.fingerprint === wanted.fingerprint) return known;
    throw otherParameters('业务申请编号重复：申请资料与首次提交的不一致');
  }
  const now = context.clock.now().getTime();
  const application: Application = {
    ...wanted,
    applyment_id: `2000${randomDigits(context.random, 12)}`,
    mchid: merchant.mchid,
    created_at: now,
    sign_token: randomLetters(context.random, 24),
    proof_amount: 1 + context.random.integer(99),
    step: wanted.family === 'platform' ? 'checking' : 'auditing',
    step_at: now,
    sub_mchid: null,
  };
  putApplication(context, application);
  return application;
}
