import { availableParallelism } from 'node:os';
import { coresOfOthers, cpuOf, kernelShareOf, percentile, rateOf, type Tally } from './measure.ts';

/** The table that `npm run bench` prints, and how far the aims are met. */
const COLUMNS = [
  '',
  'clients',
  'per second',
  'p50 ms',
  'p99 ms',
  'CPU ms per operation (in the kernel)',
];
const AIM_CLIENTS = 32;

function cpuText(tally: Tally): string {
  const names =
    tally.kind === 'floor' ? ['floor', 'postgres', 'load'] : ['hub', 'world', 'postgres', 'load'];
  return names
    .map((name) => {
      const kernel = Math.round(100 * kernelShareOf(tally, name));
      return `${name} ${cpuOf(tally, name).toFixed(2)} (${kernel} %)`;
    })
    .join(', ');
}

function rowOf(tally: Tally): string[] {
  return [
    tally.kind,
    String(tally.clients),
    rateOf(tally).toFixed(0),
    percentile(tally.latencies, 0.5).toFixed(1),
    percentile(tally.latencies, 0.99).toFixed(1),
    cpuText(tally),
  ];
}

interface Aim {
  readonly what: string;
  readonly value: number;
  readonly aim: number;
  readonly least: boolean;
}

function aimsOf(tallies: readonly Tally[]): Aim[] {
  const at = (kind: string) =>
    tallies.find((one) => one.kind === kind && one.clients === AIM_CLIENTS);
  const [floor, create, flow] = [at('floor'), at('create'), at('flow')];
  const aims: Aim[] = [];
  if (floor && create) {
    const value = rateOf(create) / rateOf(floor);
    aims.push({ what: 'create, share of the floor', value, aim: 0.6, least: true });
  }
  if (create) aims.push({ what: 'create/s', value: rateOf(create), aim: 2_000, least: true });
  if (flow) {
    aims.push({ what: 'full flow/s', value: rateOf(flow), aim: 300, least: true });
    aims.push({ what: 'hub CPU, ms a flow', value: cpuOf(flow, 'hub'), aim: 3, least: false });
  }
  return aims;
}

export function report(tallies: readonly Tally[]): string {
  const rows = [COLUMNS, ...tallies.map(rowOf)];
  const widths = COLUMNS.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const table = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === 5
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const aims = aimsOf(tallies).map(({ what, value, aim, least }) => {
    const met = least ? value >= aim : value <= aim;
    const said = value < 10 ? value.toFixed(2) : value.toFixed(0);
    return `${met ? 'met   ' : 'MISSED'} ${what}: ${said} (aim ${least ? '≥' : '≤'} ${aim})`;
  });
  const others = coresOfOthers(tallies);
  const busy =
    others > 0.1 ? `\nOther programs kept ${others.toFixed(1)} cores busy: too low figures.` : '';
  const head = `${availableParallelism()} cores, everything on them; at ${AIM_CLIENTS} clients:${busy}`;
  return `\n${table.join('\n')}\n\n${head}\n${aims.join('\n')}\n`;
}
