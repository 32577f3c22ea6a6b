import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startShared } from '../support/own-postgres.ts';
import { installCompression } from './engine/compression.ts';
import { installStatements } from './engine/connections.ts';
import { installNetwork } from './engine/servers.ts';
import { installVirtualTime } from './engine/virtual-time.ts';
import { folderWithKeys } from './keys.ts';
import { OPERATIONS } from './operations/table.ts';
import { BUGS, isBug } from './planted.ts';
import { type SimulationResult, simulate } from './simulate.ts';

/** `npm run simulate -- --seed N --steps M`: one seed; `--seeds FIRST-LAST`: several. */
const USAGE = [
  'npm run simulate -- with any of:',
  '--seed N              one seed; drawn when there is none',
  '--seeds FIRST-LAST    several, one after another',
  '--until-found         stop at the first violation',
  '--steps M             operations of shop and shoppers',
  '--trace               print everything that happens',
  `--bug NAME            plant a bug: ${BUGS.join(', ')}`,
  '--help                this',
].join('\n  ');
const OPTIONS = {
  seed: { type: 'string' },
  seeds: { type: 'string' },
  steps: { type: 'string', default: '1000' },
  bug: { type: 'string' },
  trace: { type: 'boolean', default: false },
  'until-found': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  // A running server and a database with every migration; one is started when they are missing.
  server: { type: 'string' },
  template: { type: 'string' },
} as const;

function refuse(why: string): never {
  process.stderr.write(`${why}\n${USAGE}\n`);
  process.exit(2);
}

function parsed() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split(/\.\s/);
    return refuse(why);
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) refuse(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
}

function seedsOf({ seed, seeds }: { seed?: string; seeds?: string }): readonly [number, number] {
  if (seeds !== undefined) {
    const [first = '', last = ''] = seeds.split('-');
    const range = [wholeNumber('seeds', first), wholeNumber('seeds', last)] as const;
    if (range[1] < range[0]) refuse(`--seeds takes the lower number first, not ${seeds}`);
    return range;
  }
  const one = seed === undefined ? Math.floor(Math.random() * 20_000) : wholeNumber('seed', seed);
  return [one, one];
}

function report(result: SimulationResult, again: string): void {
  const { seed, operations, turns, statements, crashes, cuts, deeds } = result;
  const { digest, took_ms, violations } = result;
  process.stdout.write(
    `seed ${seed}: ${operations} operations (${deeds.get('payments paid')} paid, ` +
      `${deeds.get('refunds paid')} refunds), ${turns} turns, ${statements} statements, ` +
      `${crashes} crashes, ${cuts} cuts, ${took_ms} ms, trace ${digest.slice(0, 16)}, ` +
      `${violations.length === 0 ? 'no violation' : 'VIOLATED'}\n`,
  );
  if (violations.length === 0) return;
  process.stdout.write(`the last of what happened:\n${result.last_lines.join('\n')}\n`);
  for (const violation of violations) process.stdout.write(`violation: ${violation}\n`);
  process.stdout.write(`the same again: ${again}\n`);
}

/** What all seeds together did; whatever is never done there proves nothing. */
function summary(results: readonly SimulationResult[]): string {
  const did = OPERATIONS.map(({ name }) => {
    const of = results.flatMap(({ tally }) => tally.get(name) ?? []);
    const sum = (what: 'done' | 'refused') => of.reduce((all, each) => all + each[what], 0);
    return `operation: ${name}: ${sum('done')} done, ${sum('refused')} not`;
  });
  const names = [...(results[0]?.deeds.keys() ?? [])];
  const came = names.map((name) => {
    const sum = results.reduce((all, { deeds }) => all + (deeds.get(name) ?? 0), 0);
    return `deed: ${name}: ${sum}`;
  });
  return [...did, ...came].join('\n');
}

async function main(): Promise<void> {
  const values = parsed();
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const [first, last] = seedsOf({
    ...(values.seed === undefined ? {} : { seed: values.seed }),
    ...(values.seeds === undefined ? {} : { seeds: values.seeds }),
  });
  const operations = wholeNumber('steps', values.steps);
  if (values.bug !== undefined && !isBug(values.bug)) refuse(`there is no bug ${values.bug}`);
  const bug = values.bug !== undefined && isBug(values.bug) ? values.bug : undefined;
  const { server: url, template } = values;
  const server =
    url !== undefined && template !== undefined
      ? { url, template, stop: () => Promise.resolve() }
      : await startShared();
  const data_dir = await folderWithKeys();
  installVirtualTime();
  installCompression();
  installStatements();
  installNetwork();
  let violated = 0;
  const results: SimulationResult[] = [];
  for (let seed = first; seed <= last; seed += 1) {
    const listener = values.trace
      ? { listener: (line: string) => void process.stdout.write(`${line}\n`) }
      : {};
    const result = await simulate({ seed, operations, server, data_dir, bug, ...listener });
    results.push({ ...result, last_lines: [] });
    const planted = bug === undefined ? '' : ` --bug ${bug}`;
    report(result, `npm run simulate -- --seed ${seed} --steps ${operations}${planted}`);
    if (result.violations.length > 0) violated += 1;
    if (violated > 0 && values['until-found']) break;
  }
  process.stdout.write(`${summary(results)}\n`);
  await server.stop();
  rmSync(data_dir, { recursive: true, force: true });
  process.exit(violated > 0 ? 1 : 0);
}

await main();
