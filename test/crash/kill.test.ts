import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { createClient, type Event, type Hutong } from '../../src/client/client.ts';
import { seededRandom } from '../../src/sandbox/faults.ts';
import { WALLETS } from '../../src/wallets/wallet.ts';
import { type Ended, runHutong } from '../support/command.ts';
import { type RunningHutong, startHutong } from '../support/processes.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { type Accounts, differences } from './books.ts';
import { buy, PERSON, type Street } from './shoppers.ts';

/** The storm and the larger numbers belong to `npm run test:full`. */
const FULL = process.env['HUTONG_TEST_FULL'] === '1';
const PAYMENTS = FULL ? 1_000 : 40;
const HUB_KILLS = FULL ? 42 : 3;
const POSTGRES_KILLS = FULL ? 8 : 1;
const SHOPPERS = FULL ? 24 : 10;
const THINK_MS = FULL ? 1_500 : 400;
const PATIENCE_MS = FULL ? 300_000 : 60_000;
const STEPS_OF_AN_ORDER = 3;
/** Fen; enough for every order, also those paid twice. */
const PLENTY = 100_000_000;
const SEED = 20_261_121;

const STORM = [
  { fault: 'notification_duplicated', probability: 1, copies: 5 },
  { fault: 'notification_delayed', probability: 0.5, delay_ms: 400 },
  { fault: 'notification_lost', probability: 0.2 },
  { fault: 'error_after_effect', probability: 0.1 },
];

let hutong: RunningHutong;
let receiver: WebhookReceiver;
let client: Hutong;
let accounts: Accounts;
const random = seededRandom(SEED);
let steps = 0;

beforeAll(async () => {
  hutong = await startHutong({
    env: {
      HUTONG_LOG_LEVEL: 'fatal',
      HUTONG_JOB_LEASE_MS: '2000',
      HUTONG_JOB_POLL_MS: '200',
      HUTONG_RETRY_PACE: '0.05',
      HUTONG_NOTIFY_PACE: '0.01',
      HUTONG_WALLET_TIMEOUT_MS: '1500',
    },
  });
  const { file } = hutong;
  const secret_key = file.platforms['taobao']?.secret_key ?? '';
  client = createClient({ base_url: file.hub.url, api_key: secret_key, max_retries: 60 });
  accounts = { file, client, secret_key };
  receiver = await startWebhookReceiver();
  const endpoint = await client.webhookEndpoints.create({ url: receiver.url });
  receiver.secret = endpoint.secret;
});

afterAll(async () => {
  await hutong?.stop();
  await receiver?.stop();
});

async function tellPhone(path: string, body: object): Promise<void> {
  const answer = await fetch(new URL(path, hutong.file.phone.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

async function setFaults(faults: readonly object[]): Promise<void> {
  for (const wallet of WALLETS) await tellPhone('/api/faults', { wallet, faults, seed: SEED });
}

/** Every order by somebody, `SHOPPERS` at once. */
async function buyAll(street: Street): Promise<string[]> {
  const ids: string[] = [];
  let next = 0;
  async function shopper(): Promise<void> {
    for (let index = next++; index < PAYMENTS; index = next++) ids.push(await buy(street, index));
  }
  await Promise.all(Array.from({ length: SHOPPERS }, shopper));
  return ids;
}

async function until<T>(read: () => T | Promise<T>, done: (value: T) => boolean): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await read();
    if (done(value)) return value;
    if (Date.now() > end) {
      throw new Error(`waited in vain for ${JSON.stringify(value)}\n${hutong.output()}`);
    }
    await sleep(FULL ? 500 : 100);
  }
}

type Victim = 'hub' | 'postgres';

function pidOf(victim: Victim): number | undefined {
  return victim === 'hub' ? hutong.hubPid() : hutong.postgresPid();
}

/** Ends processes with SIGKILL while orders are under way; answers how many it ended. */
async function killAll(): Promise<number> {
  const total = HUB_KILLS + POSTGRES_KILLS;
  const every = (PAYMENTS * STEPS_OF_AN_ORDER) / (total + 1);
  let killed = 0;
  for (let nth = 0; nth < total; nth += 1) {
    const at = (nth + random()) * every;
    await until(
      () => steps,
      (now) => now >= at,
    );
    await sleep(random() * 200);
    const postgres =
      Math.floor(((nth + 1) * POSTGRES_KILLS) / total) > Math.floor((nth * POSTGRES_KILLS) / total);
    const victim = postgres ? 'postgres' : 'hub';
    const pid = await until(
      () => pidOf(victim),
      (now) => now !== undefined,
    );
    process.kill(pid ?? 0, 'SIGKILL');
    killed += 1;
    await until(
      () => pidOf(victim),
      (now) => now !== undefined && now !== pid,
    );
    await until(isReady, (now) => now);
  }
  return killed;
}

/** The real command, beside the hub; 2 says that the database was away. */
async function check(): Promise<Ended> {
  const ended = await runHutong(['check'], { HUTONG_DATA_DIR: hutong.data_dir });
  expect(ended.code, ended.out).not.toBe(1);
  return ended;
}

/** Every law holds while processes die, too: looked at once, and all the time in a full run. */
async function checkWhile(work: Promise<unknown>): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  work.then(end, end);
  do await check();
  while (FULL && !over);
  await work;
}

async function isReady(): Promise<boolean> {
  const answer = await fetch(new URL('/readyz', hutong.file.hub.url)).catch(() => undefined);
  return answer?.status === 200;
}

async function succeededEvents(): Promise<Event[]> {
  const found: Event[] = [];
  for await (const event of client.events.all({ type: 'payment.succeeded', limit: 100 })) {
    found.push(event);
  }
  return found;
}

describe('the hub and PostgreSQL killed with -9 under load', () => {
  test(
    `${PAYMENTS} payments end as the wallets’ books say, each told once`,
    async () => {
      onTestFailed(() => void process.stderr.write(`${hutong.output()}\n`));
      for (const wallet of WALLETS) {
        await tellPhone(`/api/wallets/${wallet}/balances`, { person: PERSON, amount: PLENTY });
      }
      if (FULL) await setFaults(STORM);
      const street: Street = {
        client,
        merchant: hutong.file.merchants['taobao']?.id ?? '',
        phone_url: hutong.file.phone.url,
        random,
        think_ms: THINK_MS,
        step: () => {
          steps += 1;
        },
      };
      const storm = Promise.all([buyAll(street), killAll()]);
      await checkWhile(storm);
      const [ids, killed] = await storm;
      expect(killed).toBe(HUB_KILLS + POSTGRES_KILLS);
      expect(new Set(ids).size).toBe(PAYMENTS);
      await setFaults([]);
      await until(
        () => differences(accounts, ids),
        (found) => found.length === 0,
      );

      const events = await until(succeededEvents, (found) => found.length >= PAYMENTS);
      expect(events.map(paymentOf).sort()).toEqual([...ids].sort());
      const told = await until(
        () => events.filter(({ id }) => !receiver.events.has(id)).map(({ id }) => id),
        (missing) => missing.length === 0,
      );
      expect(told).toEqual([]);
      expect((await check()).out).toContain('all well');
      if (FULL) await expectDrill();
    },
    PATIENCE_MS * 3,
  );
});

/** What survived is also whole in a backup. */
async function expectDrill(): Promise<void> {
  const drill = await runHutong(['drill'], { HUTONG_DATA_DIR: hutong.data_dir });
  expect(drill.code, drill.out + drill.err).toBe(0);
}

function paymentOf({ data }: Event): string {
  return data.object.id;
}
