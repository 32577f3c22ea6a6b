import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { App } from '../app.ts';
import { systemClock } from '../clock.ts';
import { openDb, sql } from '../db/pool.ts';
import type { NewEvent } from '../events.ts';
import { newId } from '../ids.ts';
import { createJobs } from '../jobs/engine.ts';
import { Outbound } from '../outbound.ts';
import { publicAddressesOnly } from '../outbound-guard.ts';
import { createVault } from '../vault.ts';
import { publishEvents } from './publish.ts';

/** What webhooks read of an App, on a real database and real sockets. */
export function webhookApp(url: string): { app: App; stop: () => Promise<void> } {
  const log = pino({ level: 'silent' });
  const db = openDb({ url, max_connections: 6 });
  // Gaps of 5 s become 5 ms, those of a day 86 s.
  const config = {
    mode: 'sandbox',
    retry_pace: 0.001,
    rate_limit: 10_000,
    wallet_timeout_ms: 1_000,
  };
  const options = { db, log, lease_ms: 30_000, poll_ms: 3_600_000, retry_pace: 0.001 };
  const jobs = createJobs(options);
  const vault = createVault(randomBytes(32));
  const outbound = new Outbound({ allow: publicAddressesOnly({ allow_loopback: true }) });
  const parts = { config, log, db, jobs, vault, outbound, clock: systemClock };
  const app = { ...parts, public_url: 'http://127.0.0.1' } as unknown as App;
  return {
    app,
    async stop() {
      await jobs.stop();
      outbound.stop();
      await db.end();
    },
  };
}

export interface Received {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** A shop's receiver: remembers what came, and answers what `answer` says for the n-th request. */
export async function receiver(
  answer: (nth: number) => number | 'never' = () => 204,
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      received.push({ path: request.url ?? '', headers, body: Buffer.concat(chunks) });
      const status = answer(received.length);
      if (status === 'never') request.socket.destroy();
      else response.writeHead(status, status === 302 ? { location: '/moved' } : {}).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

export async function addPlatform(app: App, book = 0): Promise<string> {
  const id = newId('plt');
  const slug = id.slice(-20).toLowerCase();
  await app.db.query(sql`
    insert into platforms (id, slug, name, book) values (${id}, ${slug}, 'A shop', ${book})`);
  return id;
}

export function newEvent(platform_id: string, more: Partial<NewEvent> = {}): NewEvent {
  const book = more.book ?? 0;
  const payment_id = more.payment_id ?? newId('pay', book);
  const object = { id: payment_id, object: 'payment', state: 'succeeded', amount: 1234 };
  return {
    book,
    id: newId('evt', book),
    type: 'payment.succeeded',
    platform_id,
    object_id: payment_id,
    payment_id,
    sequence: 1,
    public: true,
    data: { object },
    ...more,
  };
}

export async function publish(app: App, events: readonly NewEvent[]): Promise<void> {
  await app.db.transaction((tx) => publishEvents(tx, events));
  app.jobs.wake();
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}
