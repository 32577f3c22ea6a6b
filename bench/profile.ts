import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Watched } from './measure.ts';

/**
 * Where the time goes: reads the CPU profiles that `--profile` left (`node --cpu-prof`) and adds
 * their samples up by what was running. Time in a socket write is time on the clock, and so
 * includes what the awakened reader took of the same core.
 */
const profileShape = z.object({
  startTime: z.number(),
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

type Profile = z.output<typeof profileShape>;
type Frame = Profile['nodes'][number]['callFrame'];

/** Microseconds of the monotonic clock, which is one for all processes of a machine. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export function monotonicNow(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

const IDLE = '(idle)';

/** First match wins; a frame without a file is native code. */
const PARTS: readonly { readonly name: string; is(frame: Frame): boolean }[] = [
  {
    name: 'socket writes',
    is: ({ url, functionName }) => url === '' && /^(write|shutdown|connect)/.test(functionName),
  },
  {
    name: 'signatures, hashes, random bytes',
    is: ({ url }) => url.startsWith('node:internal/crypto') || url.includes('node-forge'),
  },
  { name: 'PostgreSQL client', is: ({ url }) => /node_modules\/pg[-/]/.test(url) },
  { name: 'validation (zod)', is: ({ url }) => url.includes('node_modules/zod/') },
  {
    name: 'HTTP, streams, sockets in JavaScript',
    is: ({ url }) =>
      /node:(_http|net|events|url|internal\/(streams|webstreams|url|deps\/undici|stream_))/.test(
        url,
      ) || /node_modules\/(@hono|hono|undici)\//.test(url),
  },
  { name: 'garbage collection', is: ({ functionName }) => functionName === '(garbage collector)' },
];

function partOf(frame: Frame): string {
  const part = PARTS.find(({ is }) => is(frame));
  if (part) return part.name;
  const [, room] = /\/dist\/src\/([^/]+)/.exec(frame.url) ?? [];
  if (room !== undefined) return `src/${room.replace(/\.js$/, '')}`;
  return frame.url.includes('node_modules/') ? 'other packages' : 'other Node.js';
}

/** Busy microseconds by part, the greatest first. */
function addUp({ startTime, nodes, samples, timeDeltas }: Profile, spans: readonly Span[]) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parts = new Map<string, number>();
  let now = startTime;
  samples.forEach((id, nth) => {
    const length = timeDeltas[nth] ?? 0;
    now += length;
    const frame = frames.get(id);
    const within = spans.some(({ from, to }) => now >= from && now <= to);
    if (!frame || !within || frame.functionName === IDLE) return;
    const part = partOf(frame);
    parts.set(part, (parts.get(part) ?? 0) + length);
  });
  return [...parts].toSorted(([, one], [, other]) => other - one);
}

const LEAST_SHARE = 0.01;

/** `CPU.<date>.<time>.<pid>.<thread>.<nth>.cpuprofile` */
const PID_FIELD = 3;

/** A table for each watched process that left a profile in the folder. */
export function whereTimeGoes(
  folder: string,
  watched: readonly Watched[],
  spans: readonly Span[],
  operations: number,
): string {
  const files = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
  const tables = files.flatMap((name) => {
    const process = watched.find(({ pid }) => String(pid) === name.split('.')[PID_FIELD]);
    if (!process) return [];
    const profile = profileShape.parse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    const parts = addUp(profile, spans);
    const total = parts.reduce((sum, [, length]) => sum + length, 0);
    const rows = parts
      .filter(([, length]) => length >= LEAST_SHARE * total)
      .map(([part, length]) => {
        const share = `${((100 * length) / total).toFixed(1)} %`.padStart(7);
        return `${share}  ${(length / 1_000 / operations).toFixed(3)} ms  ${part}`;
      });
    const each = (total / 1_000 / operations).toFixed(2);
    return [`${process.name}: busy ${each} ms an operation\n${rows.join('\n')}`];
  });
  return `\n${tables.join('\n\n')}\n`;
}
