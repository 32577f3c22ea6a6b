// A folder in memory for what a test run throws away: its PostgreSQL clones a database for each
// test file, which costs ten times as much on a disk.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const NAME = /^hutong-tests-(\d+)$/;
const LEAST_BYTES = 4 * 1024 ** 3;

/** The path of a new folder, or undefined where memory is short or nothing may be run from it. */
export function openMemoryFolder() {
  if (!hasRoom()) return undefined;
  forgetDead();
  const folder = join(MEMORY, `hutong-tests-${process.pid}`);
  try {
    mkdirSync(folder);
    // As every temporary folder: some tests, and as root the servers, run as another user.
    chmodSync(folder, 0o1777);
    const probe = join(folder, 'probe');
    writeFileSync(probe, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    if (spawnSync(probe).status === 0) return folder;
  } catch {
    // Not ours to write: the temporary folder does as well.
  }
  closeMemoryFolder(folder);
  return undefined;
}

export function closeMemoryFolder(folder) {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

function hasRoom() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= LEAST_BYTES && process.availableMemory() >= 2 * LEAST_BYTES;
  } catch {
    return false;
  }
}

/** What killed runs left behind would keep the memory. */
function forgetDead() {
  for (const name of readdirSync(MEMORY)) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || lives(Number(pid))) continue;
    try {
      closeMemoryFolder(join(MEMORY, name));
    } catch {
      // Another user's.
    }
  }
}

function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
