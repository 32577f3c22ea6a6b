import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * Which process of ours owns an embedded PostgreSQL. PostgreSQL itself never lets two servers open
 * one cluster; this file tells an orphan (its owner was killed: take over) from a server that a
 * living hub still uses (refuse to start).
 */
const holder = z.object({ pid: z.number().int().positive(), started: z.string() });
type Holder = z.infer<typeof holder>;

/** A living process holds the lock. */
export class ClusterInUse extends Error {
  override readonly name = 'ClusterInUse';
}

const FILE = 'owner.json';
const ATTEMPTS = 20;

/**
 * Takes the lock of `folder`; the returned function gives it back.
 * @throws ClusterInUse when a living process holds it.
 */
export function lockCluster(folder: string): () => void {
  const file = join(folder, FILE);
  const mine: Holder = { pid: process.pid, started: startOf(process.pid) };
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      // A hard link appears whole or not at all, and never replaces another.
      if (tryLink(draft, file)) return () => rmSync(file, { force: true });
      const other = readHolder(file);
      if (other !== undefined && isAlive(other)) {
        throw new ClusterInUse(
          `another hub (process ${other.pid}) is using the database in ${folder}: ` +
            'stop it first, or choose another HUTONG_DATA_DIR',
        );
      }
      removeStale(file, other);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new Error(`cannot lock the database in ${folder}: other starts keep taking ${file}`);
}

function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    return holder.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Moves the dead holder's file aside; puts it back when a new holder was quicker. */
function removeStale(file: string, dead: Holder | undefined): void {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && (moved.pid !== dead?.pid || moved.started !== dead.started)) {
    tryLink(aside, file);
  }
  rmSync(aside, { force: true });
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM means that it lives and belongs to somebody else.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const now = startOf(pid);
  return now === '' || started === '' || now === started;
}

/**
 * A text that differs between two processes that had the same number: boot id and start time on
 * Linux (a restarted container gives the same numbers again), nothing elsewhere.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold spaces; field 22 is counted from behind it.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${ticks}`;
  } catch {
    return '';
  }
}
