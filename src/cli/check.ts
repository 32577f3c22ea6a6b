import type { Command, CommanderError } from 'commander';
import {
  type Checked,
  type CheckListener,
  type CheckReport,
  checkDatabase,
} from '../check/check.ts';
import type { Law } from '../check/law.ts';
import { loadConfig } from '../config.ts';
import { LAWS } from '../laws/every.ts';
import { openHubDatabase } from '../world/hub-database.ts';

/** `hutong check`: every law of the books on a live database, without writing anything. */
const WELL = 0;
const BROKEN = 1;
const NOT_CHECKED = 2;

interface Options {
  readonly json?: boolean;
  readonly law?: readonly string[];
}

export function addCheck(program: Command): void {
  program
    .command('check')
    .description('check every law of the books on the live database; reads only')
    .option('--law <name...>', 'only these laws')
    .option('--json', 'print the report as JSON')
    .exitOverride((error: CommanderError) =>
      process.exit(error.exitCode === 0 ? WELL : NOT_CHECKED),
    )
    .action(async (options: Options) => {
      try {
        process.exitCode = await run(options);
      } catch (error) {
        process.stderr.write(`hutong: could not check: ${messageOf(error)}\n`);
        process.exitCode = NOT_CHECKED;
      }
    });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function run({ json = false, law }: Options): Promise<number> {
  const laws = chosen(law);
  const database = await openHubDatabase(loadConfig(process.env), { create: false });
  try {
    const out = json ? process.stderr : process.stdout;
    const report = await checkDatabase(database.url, laws, sayTo(out, { lines: !json, laws }));
    if (json) process.stdout.write(`${JSON.stringify(rendered(report), undefined, 2)}\n`);
    return report.laws.some(({ count }) => count > 0) ? BROKEN : WELL;
  } finally {
    await database.release();
  }
}

function chosen(names: readonly string[] | undefined): readonly Law[] {
  if (names === undefined) return LAWS;
  return names.map((name) => {
    const found = LAWS.find((law) => law.name === name);
    if (found) return found;
    const known = LAWS.map((law) => `  ${law.name}`).join('\n');
    throw new Error(`there is no law ${name}; these are:\n${known}`);
  });
}

export function rendered({ as_of, rows, laws, elapsed_ms }: CheckReport) {
  return {
    object: 'check',
    well: laws.every(({ count }) => count === 0),
    as_of: as_of.toISOString(),
    elapsed_ms,
    rows,
    laws: laws.map(({ law, count, rows: named, elapsed_ms: ms }) => ({
      name: law.name,
      means: law.means,
      violations: count,
      rows: named,
      elapsed_ms: ms,
    })),
  };
}

/** A line for each law; on a terminal also the one that is being tried. */
export function sayTo(
  out: NodeJS.WriteStream,
  { lines, laws }: { readonly lines: boolean; readonly laws: readonly Law[] },
): CheckListener {
  const total = laws.length;
  const started = performance.now();
  let broken = 0;
  const clear = () => void (out.isTTY && out.write('\r\u001b[K'));
  return {
    opened(as_of, rows) {
      const all = Object.values(rows).reduce((sum, count) => sum + count, 0);
      const what = `${total} laws on ${all.toLocaleString('en')} rows`;
      if (lines) out.write(`${what}, as of ${as_of.toISOString()}\n`);
    },
    begins(law, nth) {
      if (out.isTTY) out.write(`${nth}/${total} ${law.name} …`);
    },
    ended(checked, nth) {
      clear();
      if (checked.count > 0) broken += 1;
      if (!lines) return;
      for (const line of linesOf(checked, `${nth}/${total}`)) out.write(`${line}\n`);
      if (nth < total) return;
      const what = broken === 0 ? 'all well' : `${broken} of ${total} laws are broken`;
      out.write(`${what}, ${seconds(performance.now() - started)}\n`);
    },
  };
}

function linesOf({ law, count, rows, elapsed_ms }: Checked, nth: string): string[] {
  const head = `${nth.padStart(5)} ${law.name.padEnd(34)} ${seconds(elapsed_ms)}`;
  if (count === 0) return [`✓ ${head}`];
  const rest = count > rows.length ? [`    and ${count - rows.length} more`] : [];
  return [
    `✗ ${head}  ${count} broken: ${law.means}`,
    ...rows.map(({ id, detail }) => `    ${id}: ${detail}`),
    ...rest,
  ];
}

function seconds(ms: number): string {
  const tenths = Math.round(ms / 100);
  return `${Math.floor(tenths / 10)}.${tenths % 10} s`;
}
