import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { migrate } from '../src/db/migrate.ts';
import { createDatabase } from '../src/db/postgres-admin.ts';
import { startPostgres } from '../src/db/postgres-server.ts';
import { openFolder } from '../test/support/processes.ts';
import {
  type Accounts,
  functionRival,
  insertsRival,
  prepareRivals,
  type Rival,
  writerRival,
} from './ledger-rivals.ts';
import { runLoad } from './load.ts';
import { percentile } from './measure.ts';

/**
 * `npm run bench:ledger`: payments a second through the ledger's writer, on accounts far apart and
 * on four hot ones, against row locks in SQL and against bare inserts. All take turns.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
    'in-flight': { type: 'string', default: '8,64,500' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const counts = values['in-flight'].split(',').map(Number);
const POSTINGS = 2;
const SPREAD = 5_000;
const HOT = 4;
const WARM_UP_S = 1;
const AIM_IN_FLIGHT = 64;

/** Merchants of their own; or one wallet, its fees and two merchants for everybody. */
function accountsOf(kind: 'spread' | 'hot'): Accounts[] {
  return Array.from({ length: kind === 'hot' ? HOT / 2 : SPREAD }, (_, index) => {
    const wallet = kind === 'hot' ? 'hot' : `${index}`;
    return {
      wallet: { id: `wallet:${wallet}`, normal: 'debit' },
      merchant: { id: `merchant:${kind}-${index}`, normal: 'credit' },
      fees: { id: `wallet_fees:${wallet}`, normal: 'credit' },
    };
  });
}

interface Tally {
  readonly rival: Rival;
  readonly kind: 'spread' | 'hot';
  readonly in_flight: number;
  operations: number;
  seconds: number;
  readonly latencies: number[];
}

const rate = (tally: Tally) => (tally.operations * POSTINGS) / tally.seconds;

async function turn(tally: Tally, accounts: readonly Accounts[], length_s: number): Promise<void> {
  let nth = Math.floor(Math.random() * accounts.length);
  const result = await runLoad(tally.in_flight, length_s, async () => {
    nth = (nth + 1) % accounts.length;
    const chosen = accounts[nth];
    if (chosen) await tally.rival.write(chosen);
  });
  tally.operations += result.operations;
  tally.seconds += result.seconds;
  tally.latencies.push(...result.latencies);
}

function line(cells: readonly string[]): string {
  const [name = '', ...rest] = cells;
  return `${name.padEnd(18)}${rest.map((cell) => cell.padStart(14)).join('')}\n`;
}

function report(tallies: readonly Tally[]): string {
  const head = ['', 'in flight', 'postings/s', '× inserts', 'p50 ms', 'p99 ms'];
  const lines = tallies.map((tally) => {
    const floor = tallies.find(
      ({ rival, kind, in_flight }) =>
        rival.name === 'inserts' && kind === tally.kind && in_flight === tally.in_flight,
    );
    return line([
      `${tally.rival.name} ${tally.kind}`,
      String(tally.in_flight),
      rate(tally).toFixed(0),
      (rate(tally) / rate(floor ?? tally)).toFixed(2),
      percentile(tally.latencies, 0.5).toFixed(1),
      percentile(tally.latencies, 0.99).toFixed(1),
    ]);
  });
  const at = (kind: string) =>
    tallies.find(
      (tally) =>
        tally.rival.name === 'writer' && tally.kind === kind && tally.in_flight === AIM_IN_FLIGHT,
    );
  const [spread, hot] = [at('spread'), at('hot')];
  if (!spread || !hot) return line(head) + lines.join('');
  const p99 = percentile(hot.latencies, 0.99);
  const met = (ok: boolean) => (ok ? 'met   ' : 'MISSED');
  const slowest = Math.min(rate(spread), rate(hot));
  return `${line(head)}${lines.join('')}
${availableParallelism()} cores, PostgreSQL and load on them; a payment is ${POSTINGS} postings, a row and an event.
At ${AIM_IN_FLIGHT} in flight:
${met(slowest >= 15_000)} postings/s: ${slowest.toFixed(0)} (aim ≥ 15000)
${met(rate(hot) >= rate(spread))} hot over spread: ${(rate(hot) / rate(spread)).toFixed(2)} (aim ≥ 1)
${met(p99 < 20)} p99 on hot accounts, ms: ${p99.toFixed(1)} (aim < 20)
`;
}

const folder = openFolder();
const postgres = await startPostgres({ data_dir: `${folder}/postgres` });
const url = postgres.connectionString('bench');
await createDatabase(postgres.connectionString('postgres'), { name: 'bench' });
await migrate(url);
const accounts = { spread: accountsOf('spread'), hot: accountsOf('hot') };
await prepareRivals(url, [...accounts.spread, ...accounts.hot]);
const rivals = [writerRival(url), functionRival(url), insertsRival(url)];
try {
  const tallies = counts.flatMap((in_flight) =>
    (['spread', 'hot'] as const).flatMap((kind) =>
      rivals.map((rival): Tally => {
        return { rival, kind, in_flight, operations: 0, seconds: 0, latencies: [] };
      }),
    ),
  );
  for (const rival of rivals) {
    const warm = { rival, kind: 'spread', in_flight: 64, operations: 0, seconds: 0, latencies: [] };
    await turn(warm as Tally, accounts.spread, WARM_UP_S);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const tally of tallies) await turn(tally, accounts[tally.kind], seconds);
    process.stdout.write(`round ${round + 1} of ${rounds}\n`);
  }
  process.stdout.write(report(tallies));
} finally {
  for (const rival of rivals) await rival.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
