import type { NetworkFaults } from './engine/network.ts';
import type { Random } from './engine/random.ts';
import type { World } from './world.ts';

/**
 * What the network of one seed does wrong, and how often. No message is later than a hub waits
 * before it believes that what it sent is not under way any more.
 */
export function faultsOf(random: Random, late_most_ms: number): NetworkFaults {
  const rate = random.pick([0, 0.01, 0.05, 0.15]);
  const share = () => rate * random.fraction();
  return {
    refused: share(),
    request_lost: share(),
    answer_lost: share(),
    broken: share(),
    doubled: share(),
    late: random.pick([0, 0.1, 0.4]),
    late_ms: random.pick([50, late_most_ms / 4, late_most_ms]),
  };
}

/** What wallets do wrong of their own, beside the network. */
export function setDials({ wallets }: Pick<World, 'wallets'>, random: Random): void {
  for (const { wallet } of wallets.all) {
    const rate = random.pick([0, 0.02, 0.2]);
    wallets.faults[wallet].set(
      WALLET_FAULTS.map((fault) => ({ fault, probability: rate * random.fraction() })),
    );
  }
}

export function clearDials({ wallets }: Pick<World, 'wallets'>): void {
  for (const { wallet } of wallets.all) wallets.faults[wallet].set([]);
}

const WALLET_FAULTS = [
  'split_part_refused',
  'payout_fails',
  'bill_late',
  'refund_delayed',
  'merchant_short',
] as const;
