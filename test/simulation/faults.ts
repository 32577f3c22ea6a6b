import type { NetworkFaults } from './engine/network.ts';
import type { Random } from './engine/random.ts';

/** What the network of one seed does wrong, and how often. */
export function faultsOf(random: Random): NetworkFaults {
  const rate = random.pick([0, 0.01, 0.05, 0.15]);
  const share = () => rate * random.fraction();
  return {
    refused: share(),
    request_lost: share(),
    answer_lost: share(),
    broken: share(),
    doubled: share(),
    late: random.pick([0, 0.1, 0.4]),
    late_ms: random.pick([50, 500, 4_000]),
  };
}
