import { parseArgs } from 'node:util';
import { fillPurse, flow } from './flow.ts';
import { runLoad } from './load.ts';
import { cpuOf, measure, newTally, percentile, rateOf, type Tally } from './measure.ts';
import { openStage, type Stage } from './stage.ts';
import { storePast } from './stored.ts';

/**
 * `npm run bench:scale`: whole payments beside few and beside many stored ones. Two installations
 * take turns, so that whatever else the machine does falls on both.
 */
const { values } = parseArgs({
  options: {
    stored: { type: 'string', default: '10000,5000000' },
    clients: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '8' },
  },
});
const counts = values.stored.split(',').map(Number);
const clients = Number(values.clients);
const seconds = Number(values.seconds);
const WARM_UP_S = 6;
const AIM = 1.3;

interface Beside {
  readonly stored: number;
  readonly stage: Stage;
  readonly tally: Tally;
  nth: number;
}

async function open(stored: number): Promise<Beside> {
  const stage = await openStage([]);
  const started = performance.now();
  const { database_url, platform, merchant } = stage;
  await storePast({ database_url, platform, merchant, count: stored });
  const took_s = (performance.now() - started) / 1_000;
  process.stdout.write(`${stored} payments stored in ${took_s.toFixed(0)} s\n`);
  await fillPurse(stage);
  return { stored, stage, tally: newTally('flow', clients), nth: 0 };
}

const load = (one: Beside, length_s: number) =>
  runLoad(clients, length_s, async () => {
    one.nth += 1;
    await flow(one.stage, one.nth);
  });

const sides: Beside[] = [];
try {
  for (const stored of counts) sides.push(await open(stored));
  for (const side of sides) await load(side, WARM_UP_S);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const side of sides) {
      await measure(side.tally, side.stage.watched, () => load(side, seconds));
    }
  }
  for (const { stored, tally } of sides) {
    const [p50, p99] = [0.5, 0.99].map((share) => percentile(tally.latencies, share).toFixed(1));
    const cpu = ['hub', 'postgres'].map((name) => `${name} ${cpuOf(tally, name).toFixed(2)}`);
    process.stdout.write(
      `${String(stored).padStart(9)} stored: ${rateOf(tally).toFixed(0)} flows/s, p50 ${p50} ms, ` +
        `p99 ${p99} ms, CPU ms a flow: ${cpu.join(', ')}\n`,
    );
  }
  const [few, many] = [sides[0], sides.at(-1)];
  if (few && many && few !== many) {
    const p99 = (side: Beside) => percentile(side.tally.latencies, 0.99);
    const grown = p99(many) / p99(few);
    process.stdout.write(
      `${grown < AIM ? 'met   ' : 'MISSED'} p99 grows by ${grown.toFixed(2)} (aim < ${AIM})\n`,
    );
  }
} finally {
  for (const { stage } of sides) await stage.stop();
}
process.exit(0);
