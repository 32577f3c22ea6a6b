import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import type { Id } from '../ids.ts';
import {
  type RemainderRule,
  type Share,
  type ShareRole,
  type SplitRule,
  sharesOf,
} from '../profit-sharing/shares.ts';
import { findReceivers } from '../receivers/find.ts';
import { DEFAULT_RELEASE_DAYS, type PaymentTerms } from './terms.ts';

/** How a marketplace writes one rule. */
export interface SplitInput {
  readonly receiver: string;
  readonly role: ShareRole;
  readonly amount?: bigint | undefined;
  /** Decimal percent with at most three places: `5`, `0.6`, `2.125`. */
  readonly percent?: string | undefined;
  readonly of?: 'amount' | 'rest' | undefined;
  readonly min?: bigint | undefined;
  readonly max?: bigint | undefined;
  readonly description?: string | undefined;
}

export interface TermsInput {
  readonly platform_id: string;
  readonly amount: bigint;
  readonly capture: 'instant' | 'escrow';
  readonly release_after_days?: number | undefined;
  readonly splits: readonly SplitInput[];
  readonly remainder: RemainderRule;
}

/** What is agreed about the money; null when it is the merchant's at once. */
export async function planTerms(app: App, input: TermsInput): Promise<PaymentTerms | null> {
  const { capture, release_after_days, splits } = input;
  if (capture === 'instant' && release_after_days !== undefined) {
    throw wrong('release_after_days', 'release_after_days needs capture "escrow"');
  }
  if (capture === 'instant' && splits.length === 0) return null;
  return {
    capture,
    release_after_days: capture === 'escrow' ? (release_after_days ?? DEFAULT_RELEASE_DAYS) : null,
    shares: await planShares(app, input),
  };
}

async function planShares(app: App, input: TermsInput): Promise<readonly Share[]> {
  const { splits, amount, remainder, platform_id } = input;
  const receivers = await findReceivers(
    app,
    splits.map(({ receiver }) => receiver),
  );
  const seen = new Set<string>();
  const rules = splits.map((split, index): SplitRule => {
    const param = `splits.${index}`;
    const receiver = receivers.get(split.receiver);
    if (!receiver || receiver.platform_id !== platform_id) {
      throw wrong(`${param}.receiver`, 'there is no such receiver on this platform');
    }
    if (seen.has(receiver.id)) throw wrong(`${param}.receiver`, 'a receiver has one rule at most');
    seen.add(receiver.id);
    return ruleOf(receiver.id, split, param);
  });
  const shares = sharesOf(amount, rules, remainder);
  if (!shares) throw wrong('splits', 'the splits give away more than the amount');
  return shares;
}

function ruleOf(receiver: Id<'rcv'>, split: SplitInput, param: string): SplitRule {
  const { amount, percent, min = null, max = null } = split;
  if ((amount === undefined) === (percent === undefined)) {
    throw wrong(param, 'a split has either an amount or a percent');
  }
  if (amount !== undefined && (min !== null || max !== null || split.of !== undefined)) {
    throw wrong(param, 'of, min and max belong to a percent');
  }
  if (min !== null && max !== null && min > max) throw wrong(`${param}.min`, 'min is above max');
  return {
    receiver,
    role: split.role,
    fixed: amount ?? null,
    rate: percent === undefined ? null : rateOf(percent),
    of: split.of ?? 'amount',
    min,
    max,
    description: split.description ?? split.role,
  };
}

const PLACES = 3;

/** `2.125` → 2125 hundred-thousandths. */
function rateOf(percent: string): bigint {
  const [whole = '0', fraction = ''] = percent.split('.');
  return BigInt(whole + fraction.padEnd(PLACES, '0'));
}

function wrong(param: string, message: string): Refusal {
  return new Refusal('invalid_parameter', { param, message: `${param}: ${message}` });
}
