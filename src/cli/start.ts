import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { createLog, type Logger } from '../log.ts';
import { type HubProcess, startHubProcess } from '../world/hub-process.ts';
import { sandboxFilePath } from '../world/sandbox-file.ts';
import { seedSandbox } from '../world/seed.ts';
import { startDemoShops } from '../world/shops.ts';
import { walletsFilePath, writeWalletsFile } from '../world/wallets-file.ts';
import { startWorld, type World } from '../world/world.ts';

/** `hutong start`: everything a newcomer needs, in two processes: the world and the hub. */
export function addStart(program: Command): void {
  program
    .command('start')
    .description('run hub, PostgreSQL, sandbox wallets, phone and demo shops on this machine')
    .action(async () => {
      const config = loadConfig(process.env);
      if (config.mode === 'production') {
        throw new Error(
          '"start" is for sandboxes: in production run "hutong migrate" and "hutong hub"',
        );
      }
      await run(config);
    });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(config: Config): Promise<void> {
  const log = createLog({ level: config.log_level, name: 'world' });
  const stopping = stopper();
  say('starting PostgreSQL and the sandbox wallets…');
  try {
    await runAll(config, log, stopping);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    await stopping.run(1);
  }
}

async function runAll(config: Config, log: Logger, stopping: Stopper): Promise<void> {
  const world = await startWorld(config, log);
  stopping.add(() => world.stop());
  const hub_url = hubUrl(config);
  const file = await seedSandbox({ config, world, hub_url });
  const { url: phone_url, token } = world.phone;
  writeWalletsFile(config.data_dir, { phone_url, sandboxes: world.wallets.all, token });
  const hub = await startHubProcess({
    env: { ...process.env, ...hubEnvironment(config, world) },
    say,
  });
  stopping.add(() => hub.stop());
  const shops = await startDemoShops({ config, world, file });
  stopping.add(() => shops.stop());
  announce(config, world, hub_url, shops.url, hub);
  void world.postgres?.failed().then(async (error) => {
    say(`PostgreSQL keeps dying: ${error.message}`);
    await stopping.run(1);
  });
}

function hubUrl(config: Config): string {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return config.public_url ?? `http://${host}:${config.port}`;
}

function hubEnvironment(config: Config, world: World): Record<string, string> {
  return {
    DATABASE_URL: world.database_url,
    HUTONG_PHONE_URL: world.phone.url,
    HUTONG_DATA_DIR: config.data_dir,
    HUTONG_MASTER_KEY_FILE: resolve(config.master_key_file),
  };
}

function announce(
  config: Config,
  world: World,
  hub_url: string,
  shops_url: string,
  hub: HubProcess,
): void {
  const { token } = world.phone;
  const opened = token === undefined ? '' : `?token=${token}`;
  const rows = [
    ['demo shops', shops_url],
    ['sandbox phone', world.phone.url],
    ['hub API', hub_url],
    ['API reference', `${hub_url}/docs`],
    ...world.wallets.all.flatMap(({ wallet, url }) => [
      [`${wallet} sandbox`, url],
      ['  received calls', `${url}/__sandbox/${opened}`],
    ]),
    ['keys for scripts', sandboxFilePath(config.data_dir)],
    ['merchants of wallets', walletsFilePath(config.data_dir)],
  ];
  say('');
  for (const [name = '', value = ''] of rows) say(`  ${name.padEnd(20)} ${value}`);
  say('');
  say(`Open a demo shop, buy something, and pay on the sandbox phone. Ctrl-C stops everything.`);
  tellParent(hub);
}

/** Scripts that started us over IPC are told too. */
function tellParent(hub: HubProcess): void {
  process.send?.({ ready: true, hub_pid: hub.pid() });
}

interface Stopper {
  add(step: () => Promise<void>): void;
  run(code: number): Promise<void>;
}

/** Stops what was started, newest first, on the first signal; a second signal ends at once. */
function stopper(): Stopper {
  const steps: (() => Promise<void>)[] = [];
  let running = false;
  async function runSteps(code: number): Promise<void> {
    if (running) process.exit(130);
    running = true;
    for (const step of steps.reverse()) {
      await step().catch((error: unknown) => say(`while stopping: ${String(error)}`));
    }
    process.exit(code);
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say('stopping…');
      void runSteps(0);
    });
  }
  return { add: (step: () => Promise<void>) => void steps.push(step), run: runSteps };
}
