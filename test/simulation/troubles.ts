import type { Tally } from './deeds.ts';
import type { Random } from './engine/random.ts';
import type { Hub } from './hub.ts';
import type { Shop } from './shop.ts';
import type { World } from './world.ts';

/** A seed under way. */
export interface Run {
  readonly world: World;
  readonly shop: Shop;
  readonly random: Random;
  readonly violations: string[];
  readonly tally: Tally;
  crashes: number;
  cuts: number;
  failed_starts: number;
  left: number;
}

/** As kill -9 does it; somebody starts it again. */
export async function crash(run: Run): Promise<void> {
  const { world, random } = run;
  const alive = world.hubs.filter((hub) => hub.alive);
  if (alive.length === 0) return;
  const hub = random.pick(alive);
  run.crashes += 1;
  await hub.crash();
  const delay_ms = random.below(random.chance(0.5) ? 300 : 6_000);
  restart(world, hub, delay_ms);
}

/** PostgreSQL ends every session of a hub, as when it is started again; the hub goes on. */
export async function cut(run: Run): Promise<void> {
  const { world, random } = run;
  const alive = world.hubs.filter((hub) => hub.alive);
  if (alive.length === 0) return;
  run.cuts += 1;
  await random.pick(alive).cut();
}

const MAX_FAILED_STARTS = 50;

/** A hub that could not start has exited, and is started again as whoever runs it would do. */
export async function tend(run: Run): Promise<void> {
  for (const hub of run.world.hubs) {
    const { failure } = hub;
    if (failure === undefined) continue;
    hub.failure = undefined;
    run.failed_starts += 1;
    if (run.failed_starts > MAX_FAILED_STARTS) throw failure;
    await hub.crash();
    restart(run.world, hub, 200);
  }
}

function restart(world: World, hub: Hub, delay_ms: number): void {
  world.scheduler.gate({ process: world.shop, label: 'a hub starts again', delay_ms }, () => {
    if (!hub.alive) hub.start();
  });
}
