import { readFileSync } from 'node:fs';
import { familyOf } from '../test/support/processes.ts';
import type { LoadResult } from './load.ts';

/** What one kind of load did at one number of clients, added up over the rounds. */
export interface Tally {
  readonly kind: string;
  readonly clients: number;
  operations: number;
  seconds: number;
  readonly latencies: number[];
  /** CPU seconds of each process (with its children) while this load ran. */
  readonly cpu: Map<string, number>;
  /** CPU seconds of the whole machine meanwhile, whoever used them. */
  machine: number;
}

/** Linux counts CPU time in hundredths of a second. */
const TICKS_A_SECOND = 100;
const STAT_UTIME = 11;

/** User and system seconds of a process and all that descend from it, but not of `without`. */
function cpuSeconds(pid: number, without: readonly number[]): number {
  const family = familyOf(pid).filter((member) => !without.includes(member));
  const ticks = family.map((member) => {
    const stat = readFileSync(`/proc/${member}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[STAT_UTIME]) + Number(fields[STAT_UTIME + 1]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_A_SECOND;
}

/** Busy seconds of all cores since the start of the machine: everything but idle and waiting. */
function machineSeconds(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user, nice, system, , , irq, softirq] = line.split(/\s+/).slice(1).map(Number);
  const busy = [user, nice, system, irq, softirq].reduce<number>((sum, one = 0) => sum + one, 0);
  return busy / TICKS_A_SECOND;
}

export interface Watched {
  readonly name: string;
  readonly pid: number;
  /** Descendants that are counted by themselves. */
  readonly without?: readonly number[];
}

/** Runs a load and adds what it did, and what the processes burnt meanwhile. */
export async function measure(
  tally: Tally,
  watched: readonly Watched[],
  load: () => Promise<LoadResult>,
): Promise<void> {
  const read = () => watched.map(({ pid, without = [] }) => cpuSeconds(pid, without));
  const before = read();
  const machine = machineSeconds();
  const own = process.cpuUsage();
  const result = await load();
  const { user, system } = process.cpuUsage(own);
  const after = read();
  tally.machine += machineSeconds() - machine;
  watched.forEach(({ name }, index) => {
    const burnt = (after[index] ?? 0) - (before[index] ?? 0);
    tally.cpu.set(name, (tally.cpu.get(name) ?? 0) + burnt);
  });
  tally.cpu.set('load', (tally.cpu.get('load') ?? 0) + (user + system) / 1e6);
  tally.operations += result.operations;
  tally.seconds += result.seconds;
  tally.latencies.push(...result.latencies);
}

export function rateOf(tally: Tally): number {
  return tally.operations / tally.seconds;
}

/** CPU milliseconds of one process for one operation. */
export function cpuOf(tally: Tally, name: string): number {
  return ((tally.cpu.get(name) ?? 0) * 1_000) / Math.max(1, tally.operations);
}

/** Cores that other programs kept busy meanwhile. */
export function coresOfOthers(tallies: readonly Tally[]): number {
  const seconds = tallies.reduce((sum, { seconds: one }) => sum + one, 0);
  const all = tallies.reduce((sum, { machine }) => sum + machine, 0);
  const ours = tallies.flatMap(({ cpu }) => [...cpu.values()]).reduce((sum, one) => sum + one, 0);
  return Math.max(0, all - ours) / seconds;
}

export function percentile(latencies: readonly number[], share: number): number {
  const sorted = Float64Array.from(latencies).sort();
  const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[index] ?? Number.NaN;
}
