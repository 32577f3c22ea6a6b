import { Agent, request } from 'node:http';

/** A light load: node:http with connections kept open, and latencies in plain arrays. */
export interface Target {
  readonly url: URL;
  readonly agent: Agent;
}

export function targetOf(url: string): Target {
  return { url: new URL(url), agent: new Agent({ keepAlive: true, maxSockets: 64 }) };
}

const TIMEOUT_MS = 30_000;

/** Posts JSON and answers the parsed body. @throws an Error with status and body when refused. */
export function post(
  { url, agent }: Target,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request(
      {
        agent,
        host: url.hostname,
        port: url.port,
        path,
        method: 'POST',
        timeout: TIMEOUT_MS,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
          ...headers,
        },
      },
      (answer) => {
        let got = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          got += part;
        });
        answer.once('error', reject);
        answer.once('end', () => {
          if ((answer.statusCode ?? 500) < 300) resolve(JSON.parse(got));
          else reject(new Error(`${path} answers ${answer.statusCode}: ${got.slice(0, 300)}`));
        });
      },
    );
    call.once('error', reject);
    call.once('timeout', () => call.destroy(new Error(`${path}: no answer`)));
    call.end(text);
  });
}

export interface LoadResult {
  readonly operations: number;
  readonly seconds: number;
  /** Milliseconds, in no order. */
  readonly latencies: readonly number[];
}

/** `clients` loops that do `operation` one after another until the time is over. */
export async function runLoad(
  clients: number,
  seconds: number,
  operation: () => Promise<void>,
): Promise<LoadResult> {
  const latencies: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1_000;
  async function client(): Promise<void> {
    for (let now = performance.now(); now < end; ) {
      await operation();
      const after = performance.now();
      latencies.push(after - now);
      now = after;
    }
  }
  await Promise.all(Array.from({ length: clients }, client));
  return {
    operations: latencies.length,
    seconds: (performance.now() - started) / 1_000,
    latencies,
  };
}
