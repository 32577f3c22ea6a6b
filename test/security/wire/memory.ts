import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

const MOST_ROUNDS = 4;

/**
 * Bytes that are still held after what is unreachable is gone: heap, buffers and all. Collects
 * again while more than `enough` is held, a few times: slow where many tests share a process.
 */
export async function settledHeap(enough = 0): Promise<number> {
  for (let round = 1; ; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (typeof collect === 'function') collect();
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external <= enough || round === MOST_ROUNDS) return heapUsed + external;
  }
}

/** What is held beyond `before`, bytes; looks again while it is more than `limit`. */
export async function heldBeyond(before: number, limit: number): Promise<number> {
  return (await settledHeap(before + limit)) - before;
}
