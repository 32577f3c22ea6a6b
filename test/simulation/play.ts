import { rmSync } from 'node:fs';
import { startShared } from '../support/own-postgres.ts';
import type { Bug } from './bugs.ts';
import { installCompression } from './engine/compression.ts';
import { installStatements } from './engine/connections.ts';
import { installNetwork } from './engine/servers.ts';
import { installVirtualTime } from './engine/virtual-time.ts';
import { folderWithKeys } from './keys.ts';
import { OPERATIONS } from './operations/table.ts';
import { type SimulationResult, simulate } from './simulate.ts';

/** What the command line asks for. */
export interface Wish {
  readonly first: number;
  readonly last: number;
  readonly operations: number;
  readonly bug: Bug | undefined;
  readonly trace: boolean;
  readonly until_found: boolean;
  /** A running server and a database with every migration; one is started when they are missing. */
  readonly server: string | undefined;
  readonly template: string | undefined;
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

/** Seed after seed; how many of them violated something. */
export async function play(wish: Wish): Promise<number> {
  const { first, last, operations, bug, server: url, template } = wish;
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
    const listener = wish.trace
      ? { listener: (line: string) => void process.stdout.write(`${line}\n`) }
      : {};
    const result = await simulate({ seed, operations, server, data_dir, bug, ...listener });
    results.push({ ...result, last_lines: [] });
    const planted = bug === undefined ? '' : ` --bug ${bug}`;
    report(result, `npm run simulate -- --seed ${seed} --steps ${operations}${planted}`);
    if (result.violations.length > 0) violated += 1;
    if (violated > 0 && wish.until_found) break;
  }
  process.stdout.write(`${summary(results)}\n`);
  await server.stop();
  rmSync(data_dir, { recursive: true, force: true });
  return violated;
}
