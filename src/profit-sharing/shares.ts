import type { Id } from '../ids.ts';

/**
 * Who gets how much of one payment: rules, written once by the marketplace, become amounts when the
 * payment is made. Pure. What no rule gives away is the merchant's, so the amounts and the
 * merchant's part always sum to the payment.
 */
export const SHARE_ROLES = ['platform', 'referrer', 'service_provider'] as const;
export type ShareRole = (typeof SHARE_ROLES)[number];

export interface SplitRule {
  readonly receiver: Id<'rcv'>;
  /** In what capacity the receiver gets it. */
  readonly role: ShareRole;
  /** Either `fixed` fen or `rate` hundred-thousandths of the base. */
  readonly fixed: bigint | null;
  readonly rate: bigint | null;
  /** The base of `rate`: the whole payment, or what the rules before this one left of it. */
  readonly of: 'amount' | 'rest';
  readonly min: bigint | null;
  readonly max: bigint | null;
  readonly description: string;
}

/** Whose is the fen that rounding down leaves over; above the first rule's `max` the merchant's. */
export type RemainderRule = 'merchant' | 'first_receiver';

export interface Share {
  readonly receiver: Id<'rcv'>;
  readonly role: ShareRole;
  readonly amount: bigint;
  readonly description: string;
}

export const RATE_UNIT = 100_000n;

/** Undefined when the rules give away more than there is. */
export function sharesOf(
  amount: bigint,
  rules: readonly SplitRule[],
  remainder: RemainderRule,
): Share[] | undefined {
  let left = amount;
  let crumbs = 0n;
  const shares: Share[] = [];
  for (const rule of rules) {
    const { receiver, role, description } = rule;
    const given = shareOf(rule, rule.of === 'rest' ? left : amount);
    if (given.amount > left) return undefined;
    left -= given.amount;
    crumbs += given.crumbs;
    shares.push({ receiver, role, amount: given.amount, description });
  }
  const [first] = shares;
  const whole = crumbs / RATE_UNIT;
  if (remainder === 'merchant' || first === undefined || whole > left) return shares;
  const roof = rules[0]?.max ?? null;
  if (roof !== null && first.amount + whole > roof) return shares;
  return [{ ...first, amount: first.amount + whole }, ...shares.slice(1)];
}

/** Rounded down; `crumbs` is what was cut off, in hundred-thousandths of a fen. */
function shareOf(rule: SplitRule, base: bigint): { amount: bigint; crumbs: bigint } {
  const product = base * (rule.rate ?? 0n);
  const exact = rule.fixed ?? product / RATE_UNIT;
  const raised = rule.min !== null && exact < rule.min ? rule.min : exact;
  const amount = rule.max !== null && raised > rule.max ? rule.max : raised;
  const cut = rule.fixed === null && amount === exact ? product % RATE_UNIT : 0n;
  return { amount, crumbs: cut };
}

export function sumOf(parts: readonly { readonly amount: bigint }[]): bigint {
  return parts.reduce((sum, { amount }) => sum + amount, 0n);
}
