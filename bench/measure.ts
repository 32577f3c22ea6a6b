import { readFileSync } from 'node:fs';
import { familyOf } from '../test/support/processes.ts';
import type { LoadResult } from './load.ts';
import { monotonicNow, type Span } from './profile.ts';

/** What one kind of load did at one number of clients, added up over the rounds. */
export interface Tally {
  readonly kind: string;
  readonly clients: number;
  operations: number;
  seconds: number;
  readonly latencies: number[];
  /** CPU seconds of each process (with its children) while this load ran. */
  readonly cpu: Map<string, CpuSeconds>;
  /** When it ran. */
  readonly spans: Span[];
  /** CPU seconds of the whole machine meanwhile, whoever used them. */
  machine: number;
}

export interface CpuSeconds {
  readonly user: number;
  readonly system: number;
}

/** Linux counts CPU time in hundredths of a second. */
const TICKS_A_SECOND = 100;
const STAT_UTIME = 11;

/** Of a process and all that descend from it, but not of `without`. */
function cpuSeconds(pid: number, without: readonly number[]): CpuSeconds {
  const family = familyOf(pid).filter((member) => !without.includes(member));
  const each = family.map((member) => {
    const stat = readFileSync(`/proc/${member}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user = 0, system = 0] = fields.slice(STAT_UTIME, STAT_UTIME + 2).map(Number);
    return { user: user / TICKS_A_SECOND, system: system / TICKS_A_SECOND };
  });
  return each.reduce(add, NONE);
}

const NONE: CpuSeconds = { user: 0, system: 0 };

function add(one: CpuSeconds, other: CpuSeconds): CpuSeconds {
  return { user: one.user + other.user, system: one.system + other.system };
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

export function newTally(kind: string, clients: number): Tally {
  const nothing = { operations: 0, seconds: 0, machine: 0 };
  return { kind, clients, ...nothing, latencies: [], cpu: new Map(), spans: [] };
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
  const from = monotonicNow();
  const result = await load();
  tally.spans.push({ from, to: monotonicNow() });
  const { user, system } = process.cpuUsage(own);
  const after = read();
  tally.machine += machineSeconds() - machine;
  watched.forEach(({ name }, index) => {
    const [now, then] = [after[index] ?? NONE, before[index] ?? NONE];
    const burnt = { user: now.user - then.user, system: now.system - then.system };
    tally.cpu.set(name, add(tally.cpu.get(name) ?? NONE, burnt));
  });
  const load_cpu = { user: user / 1e6, system: system / 1e6 };
  tally.cpu.set('load', add(tally.cpu.get('load') ?? NONE, load_cpu));
  tally.operations += result.operations;
  tally.seconds += result.seconds;
  tally.latencies.push(...result.latencies);
}

export function rateOf(tally: Tally): number {
  return tally.operations / tally.seconds;
}

/** CPU milliseconds of one process for one operation. */
export function cpuOf(tally: Tally, name: string): number {
  const { user, system } = tally.cpu.get(name) ?? NONE;
  return ((user + system) * 1_000) / Math.max(1, tally.operations);
}

/** How much of that it spent in the kernel, 0 to 1. */
export function kernelShareOf(tally: Tally, name: string): number {
  const { user, system } = tally.cpu.get(name) ?? NONE;
  return system / Math.max(Number.EPSILON, user + system);
}

/** Cores that other programs kept busy meanwhile. */
export function coresOfOthers(tallies: readonly Tally[]): number {
  const seconds = tallies.reduce((sum, { seconds: one }) => sum + one, 0);
  const all = tallies.reduce((sum, { machine }) => sum + machine, 0);
  const ours = tallies.flatMap(({ cpu }) => [...cpu.values()]).reduce(add, NONE);
  return Math.max(0, all - ours.user - ours.system) / seconds;
}

export function percentile(latencies: readonly number[], share: number): number {
  const sorted = Float64Array.from(latencies).sort();
  const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[index] ?? Number.NaN;
}
