import type { Shop, ShopAnswer } from '../shop.ts';
import type { World } from '../world.ts';

export interface Street {
  readonly world: World;
  readonly shop: Shop;
}

/**
 * How an operation went: `nothing` was there to do it to (then it does not count), the hub or a
 * wallet `refused` it, or did not answer, or it was `done`.
 */
export type Ending = 'nothing' | 'refused' | 'done';

export interface Operation {
  readonly name: string;
  /** How often, beside the others. */
  readonly weight: number;
  run(street: Street): Promise<Ending>;
}

export function endingOf(answer: ShopAnswer | undefined): Ending {
  return answer !== undefined && answer.status < 300 ? 'done' : 'refused';
}

/** One call, or two copies of it at once. */
export async function perhapsTwice(
  shop: Shop,
  call: () => Promise<ShopAnswer | undefined>,
): Promise<Ending> {
  if (!shop.random.chance(0.2)) return endingOf(await call());
  const endings = (await Promise.all([call(), call()])).map(endingOf);
  return endings.includes('done') ? 'done' : 'refused';
}
