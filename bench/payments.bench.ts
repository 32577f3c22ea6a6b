import { parseArgs } from 'node:util';
import { createAt, fillPurse, flow } from './flow.ts';
import { type LoadResult, runLoad } from './load.ts';
import { measure, newTally, type Tally } from './measure.ts';
import { whereTimeGoes } from './profile.ts';
import { report } from './report.ts';
import { openStage, type Stage } from './stage.ts';

/**
 * Creates and whole payments beside their floor, from one interleaved run on one machine; see
 * README.md. `--profile <folder>` writes CPU profiles of hub and world there.
 */
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '4' },
    clients: { type: 'string', default: '1,8,32' },
    kinds: { type: 'string', default: 'floor,create,flow' },
    profile: { type: 'string' },
  },
});

const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const clientCounts = options.clients.split(',').map(Number);
const kinds = options.kinds.split(',');
/** So long that the compiler of hub and world is done with what they run. */
const WARM_UP_S = 6;
const WARM_UP_CLIENTS = 16;

function operationsOf(stage: Stage): Record<string, () => Promise<unknown>> {
  let nth = 0;
  return {
    floor: () => createAt(stage, stage.floor),
    create: () => createAt(stage, stage.hub),
    flow: () => flow(stage, nth++),
  };
}

async function run(stage: Stage): Promise<Tally[]> {
  const operations = operationsOf(stage);
  const tallies = kinds.flatMap((kind) => clientCounts.map((clients) => newTally(kind, clients)));
  async function load(kind: string, clients: number, length_s: number): Promise<LoadResult> {
    const result = await runLoad(clients, length_s, async () => {
      await operations[kind]?.();
    });
    // The other side would cut what stays idle while another kind has its turn.
    for (const { agent } of [stage.hub, stage.floor, stage.phone]) agent.destroy();
    return result;
  }
  await fillPurse(stage);
  for (const kind of kinds) await load(kind, WARM_UP_CLIENTS, WARM_UP_S);
  for (let round = 0; round < rounds; round += 1) {
    for (const clients of clientCounts) {
      for (const tally of tallies.filter((one) => one.clients === clients)) {
        await measure(tally, stage.watched, () => load(tally.kind, clients, seconds));
      }
    }
    process.stdout.write(`round ${round + 1} of ${rounds}\n`);
  }
  return tallies;
}

const profile = options.profile;
const stage = await openStage(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []);
let tallies: Tally[] = [];
try {
  tallies = await run(stage);
  process.stdout.write(report(tallies));
} finally {
  await stage.stop();
}
if (profile) {
  const spans = tallies.flatMap((tally) => tally.spans);
  const operations = tallies.reduce((sum, tally) => sum + tally.operations, 0);
  process.stdout.write(whereTimeGoes(profile, stage.watched, spans, operations));
}
process.exit(0);
