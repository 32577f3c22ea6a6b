import { randomDigits, randomLetters } from '../../random.ts';
import type { Collection, SandboxStore } from '../../store.ts';
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

/** All applications, found by the wallet's number, the caller's, or the sign page's token. */
export class ApplicationBook {
  readonly #records: Collection<Application>;
  readonly #byNumber = new Map<string, Application>();
  readonly #byToken = new Map<string, Application>();

  constructor(store: SandboxStore) {
    this.#records = store.collection<Application>('applications');
    const oldest = [...this.#records.values()].sort((a, b) => a.created_at - b.created_at);
    for (const application of oldest) this.#index(application);
  }

  ofId(applyment_id: string): Application | undefined {
    return this.#records.get(applyment_id);
  }

  /** The newest one under the caller's number. */
  ofNumber(mchid: string, number: string): Application | undefined {
    return this.#byNumber.get(`${mchid}:${number}`);
  }

  ofToken(sign_token: string): Application | undefined {
    return this.#byToken.get(sign_token);
  }

  newest(limit: number): Application[] {
    return [...this.#records.values()].slice(-limit);
  }

  add(application: Application): void {
    this.#index(application);
    this.put(application);
  }

  /** Keeps a change. */
  put(application: Application): void {
    this.#records.put(application.applyment_id, application);
  }

  #index(application: Application): void {
    this.#byNumber.set(`${application.mchid}:${application.number}`, application);
    this.#byToken.set(application.sign_token, application);
  }
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
  const known = context.applications.ofNumber(merchant.mchid, wanted.number);
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
  context.applications.add(application);
  return application;
}
