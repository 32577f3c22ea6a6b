import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { loadConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { SANDBOX_WALLETS, type SandboxWallet } from '../sandbox/sandbox.ts';
import { type Alone, type AloneOptions, startAlone } from '../world/alone.ts';
import { walletsFilePath, writeWalletsFile } from '../world/wallets-file.ts';

/** `hutong sandbox`: the wallets alone, for people who use none of the rest. */
interface Given {
  readonly wallet: readonly string[];
  readonly port: string;
  readonly host: string;
  readonly dataDir: string;
  readonly memory?: true;
  readonly seed?: string;
  readonly pace: string;
  readonly rateLimits?: true;
}

export function addSandbox(program: Command): void {
  const config = () => loadConfig(process.env);
  program
    .command('sandbox')
    .description('run the sandbox wallets and the phone alone, without a hub')
    .addOption(
      new Option('--wallet <name>', 'only this wallet; give it again for another')
        .choices(SANDBOX_WALLETS)
        .argParser<string[]>((name, before) => [...(before ?? []), known(name)]),
    )
    .option('--port <n>', 'of the phone; each wallet follows in a row; 0 for any free ones')
    .option('--host <address>', 'to listen on; off loopback the pages need the printed token')
    .option('--data-dir <folder>', 'for keys, wallets.json and the books')
    .option('--memory', 'keep the books in memory: no database, gone when it ends')
    .option('--seed <n>', 'the same numbers and the same chance of faults each time')
    .option(
      '--pace <n>',
      'multiplies the retry gaps of notifications; 0.01 is a hundred times faster',
    )
    .option('--rate-limits', 'hold merchants to the wallets’ own limits')
    .action(async (given: Partial<Given>) => {
      const defaults = config();
      await run({
        wallets: walletsOf(given.wallet),
        host: given.host ?? defaults.host,
        port: whole('--port', given.port, 65_000) ?? defaults.sandbox_port,
        data_dir: given.dataDir === undefined ? defaults.data_dir : resolve(given.dataDir),
        memory: given.memory === true,
        notify_pace: paceOf(given.pace) ?? defaults.notify_pace,
        rate_limits: given.rateLimits === true,
        ...seedOf(given.seed),
        log: createLog({ level: defaults.log_level, name: 'sandbox' }),
      });
    });
}

function known(name: string): string {
  if (SANDBOX_WALLETS.some((wallet) => wallet === name)) return name;
  throw new Error(`--wallet takes ${SANDBOX_WALLETS.join(', ')}, not ${name}`);
}

function walletsOf(names: readonly string[] | undefined): readonly SandboxWallet[] {
  const wanted = SANDBOX_WALLETS.filter((wallet) => names?.includes(wallet));
  return wanted.length === 0 ? SANDBOX_WALLETS : wanted;
}

function whole(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new Error(`${option} takes a whole number from 0 to ${most}`);
}

function seedOf(text: string | undefined): { seed?: number } {
  const seed = whole('--seed', text, 4_294_967_295);
  return seed === undefined ? {} : { seed };
}

function paceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const pace = Number(text);
  if (pace > 0 && pace <= 10) return pace;
  throw new Error('--pace takes a number above 0, up to 10');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(options: AloneOptions): Promise<void> {
  if (!options.memory) say('starting PostgreSQL for the books…');
  const alone = await startAlone(options);
  stopOnSignals(alone);
  const { wallets, phone, token } = alone;
  writeWalletsFile(options.data_dir, { phone_url: phone.url, sandboxes: wallets.all, token });
  announce(options, alone);
  process.send?.({ ready: true, phone: phone.url });
  void alone.postgres?.failed().then(async (error) => {
    say(`PostgreSQL keeps dying: ${error.message}`);
    await alone.stop();
    process.exit(1);
  });
}

/** The first signal stops in order; a second one ends at once. */
function stopOnSignals(alone: Alone): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(130);
      stopping = true;
      say('stopping…');
      alone.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          say(`while stopping: ${String(error)}`);
          process.exit(1);
        },
      );
    });
  }
}

function announce(options: AloneOptions, { wallets, phone, token }: Alone): void {
  const query = token === undefined ? '' : `?token=${token}`;
  const rows = [
    ['sandbox phone', phone.url],
    ...wallets.all.flatMap(({ wallet, url }) => [
      [wallet, url],
      ['  received calls', `${url}/__sandbox/${query}`],
    ]),
    ['accounts and keys', walletsFilePath(options.data_dir)],
    ['books', options.memory ? 'in memory, gone when this ends' : `${options.data_dir}/postgres`],
  ];
  say('');
  for (const [name = '', value = ''] of rows) say(`  ${name.padEnd(20)} ${value}`);
  say('');
  say('Point your SDK at a wallet, and pay on the phone. Ctrl-C stops everything.');
}
