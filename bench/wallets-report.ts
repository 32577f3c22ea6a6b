import { availableParallelism } from 'node:os';
import { coresOfOthers, cpuOf, percentile, rateOf, type Tally } from './measure.ts';

/** The table of `npm run bench:wallets`: each call beside the cryptography it cannot avoid. */
const COLUMNS = [
  '',
  'per second',
  'p50 ms',
  'p99 ms',
  'connector ms',
  'ratio',
  'sandbox ms',
  'ratio',
];
/** Connector overhead at most as dear as its cryptography: twice the floor in all. */
const AIM = 2;

function rowOf(tally: Tally, floor: number): string[] {
  const connector = cpuOf(tally, 'load');
  const sandbox = cpuOf(tally, 'sandbox');
  return [
    tally.kind,
    rateOf(tally).toFixed(0),
    percentile(tally.latencies, 0.5).toFixed(1),
    percentile(tally.latencies, 0.99).toFixed(1),
    connector.toFixed(2),
    (connector / floor).toFixed(2),
    tally.kind === 'crypto' ? '' : sandbox.toFixed(2),
    tally.kind === 'crypto' ? '' : (sandbox / floor).toFixed(2),
  ];
}

export function walletsReport(tallies: readonly Tally[]): string {
  const crypto = tallies.find(({ kind }) => kind === 'crypto');
  const floor = crypto ? cpuOf(crypto, 'load') : Number.NaN;
  const rows = [COLUMNS, ...tallies.map((tally) => rowOf(tally, floor))];
  const widths = COLUMNS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const table = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const aims = tallies
    .filter(({ kind }) => kind !== 'crypto')
    .map((tally) => {
      const ratio = cpuOf(tally, 'load') / floor;
      const met = ratio <= AIM ? 'met   ' : 'MISSED';
      return `${met} ${tally.kind}: connector CPU ${ratio.toFixed(2)} × its cryptography (aim ≤ ${AIM})`;
    });
  const others = coresOfOthers(tallies);
  const busy =
    others > 0.1 ? `Other programs kept ${others.toFixed(1)} cores busy: too low figures.\n` : '';
  const head = `CPU a call; crypto = one RSA-2048 signature and one verification; ${availableParallelism()} cores`;
  return `\n${table.join('\n')}\n\n${head}\n${busy}${aims.join('\n')}\n`;
}
