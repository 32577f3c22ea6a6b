import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createClient } from '../src/client/client.ts';
import { migrate } from '../src/db/migrate.ts';
import { createDatabase } from '../src/db/postgres-admin.ts';
import { startPostgres } from '../src/db/postgres-server.ts';
import { WALLETS } from '../src/wallets/wallet.ts';
import type { SandboxFile } from '../src/world/sandbox-file.ts';
import { openFolder, PROGRAM, startHutong } from '../test/support/processes.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../test/support/webhook-receiver.ts';
import { type Target, targetOf } from './load.ts';
import type { Watched } from './measure.ts';

/** Everything on this machine: PostgreSQL, hub, world, floor, and the receiver of webhooks here. */
export interface Stage {
  readonly hub: Target;
  readonly floor: Target;
  readonly phone: Target;
  readonly receiver: WebhookReceiver;
  readonly platform: string;
  readonly merchant: string;
  readonly key: string;
  readonly database_url: string;
  readonly watched: readonly Watched[];
  stop(): Promise<void>;
}

/** `node` options of hub and world, for example `--cpu-prof`. */
export async function openStage(node_options: readonly string[]): Promise<Stage> {
  const folder = openFolder();
  const postgres = await startPostgres({ data_dir: `${folder}/postgres` });
  const url = (name: string) => postgres.connectionString(name);
  for (const name of ['hub', 'floor']) await createDatabase(url('postgres'), { name });
  await migrate(url('floor'));
  const floor = await startFloor(url('floor'));
  const hutong = await startHutong({
    command: [process.execPath, ...node_options, PROGRAM, 'start'],
    env: {
      DATABASE_URL: url('hub'),
      HUTONG_LOG_LEVEL: 'error',
      // What is measured is the hub, not its limit for one key.
      HUTONG_RATE_LIMIT: '1000000',
    },
  });
  const { file } = hutong;
  const receiver = await startWebhookReceiver();
  const { key, merchant, platform } = await openShop(file);
  const client = createClient({ base_url: file.hub.url, api_key: key });
  const endpoint = await client.webhookEndpoints.create({
    url: receiver.url,
    event_types: ['payment.succeeded'],
  });
  receiver.secret = endpoint.secret;
  const hub_pid = hutong.hubPid() ?? 0;
  return {
    hub: targetOf(file.hub.url),
    floor: floor.target,
    phone: targetOf(file.phone.url),
    receiver,
    platform,
    merchant,
    key,
    database_url: url('hub'),
    watched: [
      { name: 'hub', pid: hub_pid },
      { name: 'world', pid: hutong.world_pid, without: [hub_pid] },
      { name: 'postgres', pid: postgres.pid },
      { name: 'floor', pid: floor.process.pid ?? 0 },
    ],
    async stop() {
      await hutong.stop();
      await receiver.stop();
      floor.process.disconnect();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A platform of its own: the demo shops listen to theirs, and would double every webhook. */
async function openShop({
  hub,
}: SandboxFile): Promise<Pick<Stage, 'key' | 'merchant' | 'platform'>> {
  const operator = createClient({ base_url: hub.url, api_key: hub.operator_key });
  const platform = (await operator.platforms.create({ slug: 'bench', name: 'Bench' })).id;
  const { secret } = await operator.keys.create({ role: 'marketplace', platform });
  const { id } = await operator.merchants.create({ name: 'Bench', platform });
  for (const wallet of WALLETS) await operator.merchants.enrol(id, { wallet });
  if (secret === null) throw new Error('the key was minted before');
  return { key: secret, merchant: id, platform };
}

async function startFloor(
  database_url: string,
): Promise<{ target: Target; process: ChildProcess }> {
  const script = fileURLToPath(new URL('./floor-server.ts', import.meta.url));
  const child = fork(script, { env: { ...process.env, DATABASE_URL: database_url } });
  const [message] = (await once(child, 'message')) as [{ port: number }];
  return { target: targetOf(`http://127.0.0.1:${message.port}`), process: child };
}
