import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import { randomDigits, type SandboxRandom } from '../../random.ts';
import type { Collection, SandboxStore } from '../../store.ts';
import type { SandboxContext } from '../context.ts';
import type { UsedCoupon } from './records.ts';

/**
 * Coupons that people have in this wallet. The dearest one that leaves something to pay is used
 * without asking, one for each order; a refund does not bring it back.
 */
interface HeldCoupon extends UsedCoupon {
  readonly person: string;
}

const NAMES: Readonly<Record<UsedCoupon['funded_by'], string>> = {
  wallet: '微信支付立减',
  merchant: '商家代金券',
  other: '品牌代金券',
};

export class Coupons {
  readonly #records: Collection<HeldCoupon>;
  readonly #random: SandboxRandom;
  readonly #byPerson = new Map<string, HeldCoupon[]>();

  constructor(store: SandboxStore, random: SandboxRandom) {
    this.#records = store.collection<HeldCoupon>('coupons');
    this.#random = random;
    for (const coupon of this.#records.values()) this.#keep(coupon);
  }

  of(person: string): readonly UsedCoupon[] {
    return this.#byPerson.get(person) ?? [];
  }

  give(gift: { person: string; amount: bigint; funded_by: UsedCoupon['funded_by'] }): UsedCoupon {
    const coupon: HeldCoupon = {
      ...gift,
      coupon_id: randomDigits(this.#random, 12),
      stock_id: randomDigits(this.#random, 8),
      name: NAMES[gift.funded_by],
    };
    this.#records.put(coupon.coupon_id, coupon);
    this.#keep(coupon);
    return coupon;
  }

  /** The coupon an order of this total would use now, leaving out those in `taken`. */
  choose(
    person: string,
    total: bigint,
    taken: ReadonlySet<UsedCoupon> = new Set(),
  ): UsedCoupon | null {
    const fit = this.of(person).find((coupon) => coupon.amount < total && !taken.has(coupon));
    return fit ?? null;
  }

  use(person: string, coupon: UsedCoupon): void {
    this.#records.delete(coupon.coupon_id);
    const held = this.#byPerson.get(person) ?? [];
    const left = held.filter(({ coupon_id }) => coupon_id !== coupon.coupon_id);
    this.#byPerson.set(person, left);
  }

  #keep(coupon: HeldCoupon): void {
    const all = [...(this.#byPerson.get(coupon.person) ?? []), coupon];
    all.sort((a, b) => (a.amount < b.amount ? 1 : -1));
    this.#byPerson.set(coupon.person, all);
  }
}

export function couponActions(context: SandboxContext): readonly SandboxAction[] {
  return [
    sandboxAction({
      name: 'coupons/give',
      summary: 'Gives a person a coupon, which the next order that costs more than it will use.',
      input: z.strictObject({
        person: z.string().max(64),
        amount: z.int().min(1).max(10_000_000),
        funded_by: z.enum(['wallet', 'merchant', 'other']).default('wallet'),
      }),
      run: async ({ person, amount, funded_by }) => {
        if (!context.people.some(({ id }) => id === person)) {
          throw new ActionRefusal(404, `nobody is called ${person}`);
        }
        const { coupon_id } = context.coupons.give({ person, amount: BigInt(amount), funded_by });
        await context.store.committed();
        return { coupon_id, person, amount, funded_by };
      },
    }),
  ];
}
