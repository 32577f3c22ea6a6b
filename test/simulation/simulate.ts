import { LATE_MS } from '../../src/wallets/late.ts';
import type { TestServer } from '../support/test-server.ts';
import type { Bug } from './bugs.ts';
import { checkAtRest, checkNow, unfinished } from './checker.ts';
import { countDeeds, Tally } from './deeds.ts';
import { NO_FAULTS } from './engine/network.ts';
import { inProcess } from './engine/process.ts';
import type { Random } from './engine/random.ts';
import { realMilliseconds } from './engine/real.ts';
import { clearDials, faultsOf, setDials } from './faults.ts';
import type { Operation, Street } from './operations/operation.ts';
import { sellSomething } from './operations/orders.ts';
import { OPERATIONS } from './operations/table.ts';
import { Shop } from './shop.ts';
import { crash, cut, type Run, tend } from './troubles.ts';
import { webhookListener } from './webhooks.ts';
import { openWorld, type World } from './world.ts';

/** One seed, from an empty database to books that are compared. */
export interface SimulationOptions {
  readonly seed: number;
  /** How many operations of shop and shoppers. */
  readonly operations: number;
  readonly server: TestServer;
  readonly data_dir: string;
  readonly bug?: Bug | undefined;
  readonly listener?: (line: string) => void;
}

export interface SimulationResult {
  readonly seed: number;
  readonly operations: number;
  /** Gates that were opened. */
  readonly turns: number;
  readonly statements: number;
  readonly crashes: number;
  readonly cuts: number;
  readonly tally: Tally['counts'];
  readonly deeds: ReadonlyMap<string, number>;
  /** Of the whole trace. */
  readonly digest: string;
  readonly violations: readonly string[];
  readonly last_lines: readonly string[];
  readonly took_ms: number;
}

const CHECK_EVERY_TURNS = 3_000;
const MAX_VIOLATIONS = 20;
/** Seldom enough that the longest work, the close of a day, ends in some of its tries. */
const CRASH_RATES = [0, 1 / 6_000, 1 / 2_500, 1 / 1_500] as const;
const CUT_RATES = [0, 0, 1 / 4_000, 1 / 1_500] as const;
const MAX_THINK_MS = 400;
const DAY_MS = 24 * 3_600_000;
/** Business time that passes at the end: no longer than bills are fetched back. */
const ENDS_MS = [2 * DAY_MS, 2 * DAY_MS, 2 * DAY_MS, 2 * DAY_MS, 2 * DAY_MS, 20 * DAY_MS];
/** Until all periodic work has seen what time it is. */
const REST_FIRST_MS = 13_000;
const REST_LOOK_MS = 1_000;
/** Waits for real time only. */
const DELIVERY = 'job webhook.deliver ';
const LOOKS_A_DAY = 40;
/** The longest gap between two tries to deliver an event, and some more. */
const REST_LIMIT_MS = 900_000;

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const began = realMilliseconds();
  const { seed, operations, server, data_dir, bug, listener } = options;
  const world = await openWorld({ seed, server, data_dir, bug, ...(listener ? { listener } : {}) });
  const shop = new Shop(world);
  const random = world.random.stream('simulation');
  const run: Run = {
    world,
    shop,
    random,
    violations: [],
    tally: new Tally(),
    crashes: 0,
    cuts: 0,
    failed_starts: 0,
    left: operations,
  };
  const strayed = (error: unknown) => run.violations.push(`an error nobody caught: ${said(error)}`);
  process.on('unhandledRejection', strayed);
  process.on('uncaughtException', strayed);
  try {
    await open(run);
    await trade(run);
    if (run.violations.length === 0) await rest(run);
  } catch (error) {
    strayed(error);
  } finally {
    process.off('unhandledRejection', strayed);
    process.off('uncaughtException', strayed);
  }
  const { scheduler, statements } = world;
  const result: SimulationResult = {
    seed,
    operations: operations - run.left,
    turns: scheduler.turns,
    statements: statements.ran,
    crashes: run.crashes,
    cuts: run.cuts,
    tally: run.tally.counts,
    deeds: await countDeeds(world),
    digest: scheduler.trace.digest(),
    violations: run.violations.slice(0, MAX_VIOLATIONS),
    last_lines: scheduler.trace.last(),
    took_ms: Math.round(realMilliseconds() - began),
  };
  await world.stop();
  return result;
}

function said(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Hubs up, shoppers with money, a webhook endpoint; nothing fails yet. */
async function open({ world, shop }: Run): Promise<void> {
  for (const hub of world.hubs) hub.start();
  await until(world, () => world.hubs.every(({ port }) => port > 0));
  const port = world.network.listen(world.shop, webhookListener(shop));
  await finish(
    world,
    inProcess(world.wallets_process, async () => {
      for (const wallet of world.wallets.all) {
        for (const person of Shop.people) await wallet.setBalance(person, 10n ** 15n);
      }
    }),
  );
  const body = { url: `http://127.0.0.1:${port}/webhooks` };
  await finish(
    world,
    inProcess(world.shop, () =>
      shop.call('POST', '/v1/webhook_endpoints', { body, key: 'endpoint' }),
    ),
  );
}

/** Shop and shoppers are busy while network and processes fail them. */
async function trade(run: Run): Promise<void> {
  const { world, shop, random } = run;
  world.network.faults = faultsOf(random, 0.9 * LATE_MS * world.auditor.config.retry_pace);
  setDials(world, random);
  shop.failing = random.pick([0, 0.1, 0.5]);
  const crash_rate = random.pick(CRASH_RATES);
  const cut_rate = random.pick(CUT_RATES);
  const clerks = Array.from({ length: random.pick([2, 4, 6, 9, 12]) }, () => clerk(run));
  let over = false;
  const all = Promise.all(clerks).finally(() => {
    over = true;
  });
  all.catch((error: unknown) => run.violations.push(`an operation failed: ${said(error)}`));
  for (let turn = 1; !over; turn += 1) {
    if (random.chance(crash_rate)) await crash(run);
    if (random.chance(cut_rate)) await cut(run);
    await tend(run);
    if (!(await world.scheduler.step())) throw new Error('everybody waits, and for nothing');
    if (turn % CHECK_EVERY_TURNS === 0) run.violations.push(...(await checkNow(world, shop)));
    if (run.violations.length > 0) return;
  }
}

async function clerk(run: Run): Promise<void> {
  const { world, shop, random } = run;
  const street: Street = { world, shop };
  await inProcess(world.shop, async () => {
    while (run.left > 0) {
      run.left -= 1;
      const operation = draw(random);
      world.scheduler.trace.add(`   ${operation.name}`);
      const ending = await operation.run(street);
      run.tally.add(operation.name, ending);
      if (ending === 'nothing') run.left += 1;
      await shop.sleep(random.below(MAX_THINK_MS));
    }
  });
}

const TOTAL_WEIGHT = OPERATIONS.reduce((sum, { weight }) => sum + weight, 0);

function draw(random: Random): Operation {
  let at = random.below(TOTAL_WEIGHT);
  for (const operation of OPERATIONS) {
    at -= operation.weight;
    if (at < 0) return operation;
  }
  throw new RangeError('the weights do not add up');
}

/** Nothing fails any more: whatever was begun comes to its end, and then all books must agree. */
async function rest(run: Run): Promise<void> {
  const { world, shop, random } = run;
  world.network.faults = NO_FAULTS;
  clearDials(world);
  shop.failing = 0;
  await world.advance(random.pick(ENDS_MS));
  const end_ms = world.scheduler.now_ms + REST_LIMIT_MS;
  let left = ['the first look'];
  for (let look = 1; left.length > 0 && world.scheduler.now_ms < end_ms; look += 1) {
    await tend(run);
    const look_ms = world.scheduler.now_ms + (look === 1 ? REST_FIRST_MS : REST_LOOK_MS);
    await until(world, () => world.scheduler.now_ms >= look_ms);
    left = await unfinished(world);
    if (look % LOOKS_A_DAY !== 0) continue;
    if (left.some((what) => what.startsWith('refund '))) {
      // A seller who owes may have nothing at the wallet until it sells again.
      await finish(
        world,
        inProcess(world.shop, () => sellSomething({ world, shop })),
      );
    }
    // Some things wait for another day: a bill, a bank, a second try.
    if (left.some((what) => !what.startsWith(DELIVERY))) await world.advance(DAY_MS);
  }
  run.violations.push(...left.map((what) => `does not come to an end: ${what}`));
  run.violations.push(...(await checkAtRest(world, shop)));
}

async function until(world: World, done: () => boolean): Promise<void> {
  while (!done()) {
    if (!(await world.scheduler.step())) throw new Error('everybody waits, and for nothing');
  }
}

async function finish(world: World, work: Promise<unknown>): Promise<void> {
  let over = false;
  work.then(
    () => {
      over = true;
    },
    () => {
      over = true;
    },
  );
  await until(world, () => over);
  await work;
}
