import { fork } from 'node:child_process';
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { parseArgs, promisify } from 'node:util';
import { newWalletReference } from '../src/ids.ts';
import { allConnectors } from '../src/wallets/connectors.ts';
import type { Wallet, WalletAccount, WalletName } from '../src/wallets/wallet.ts';
import { runLoad } from './load.ts';
import { measure, newTally, type Watched } from './measure.ts';
import { walletsReport } from './wallets-report.ts';

/**
 * Calls of each connector to its sandbox beside the cryptography that neither can avoid: one RSA
 * signature and one verification a side, measured in turns in the same run; see README.md.
 */
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '4' },
    clients: { type: 'string', default: '16' },
  },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const clients = Number(options.clients);
const WARM_UP_S = 3;

interface Given {
  readonly wallet: WalletName;
  readonly settings: unknown;
  readonly credentials: unknown;
}

const child = fork(new URL('./wallets-child.ts', import.meta.url), {
  execArgv: ['--import', 'tsx'],
});
const [given] = (await once(child, 'message')) as [Given[]];
const watched: readonly Watched[] = [{ name: 'sandbox', pid: child.pid ?? 0 }];

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const request = randomBytes(700);
const answer = randomBytes(300);
const signAsync = promisify(sign);
const signed = sign('sha256', answer, pair.privateKey);

/** What one side of one call costs at least. */
async function crypto(): Promise<void> {
  await signAsync('sha256', request, pair.privateKey);
  if (!verify('sha256', answer, pair.publicKey, signed)) throw new Error('never');
}

interface Side {
  readonly wallet: Wallet;
  readonly account: WalletAccount;
}

async function create({ wallet, account }: Side): Promise<string> {
  const wallet_reference = newWalletReference(0);
  const outcome = await wallet.createPayment(account, {
    wallet_reference,
    amount: 1234n,
    currency: 'CNY',
    description: 'Jasmine tea, 250 g',
    presentation: 'qr',
    notify_url: 'http://127.0.0.1:9/notify',
    return_url: 'http://127.0.0.1:9/back',
    expires_at: new Date(Date.now() + 3_600_000),
    client_ip: '127.0.0.1',
  });
  if (outcome.kind !== 'presented') throw new Error(`${wallet.name}: ${JSON.stringify(outcome)}`);
  return wallet_reference;
}

async function query({ wallet, account }: Side, reference: string): Promise<void> {
  const outcome = await wallet.queryPayment(account, reference);
  if (outcome.kind === 'unknown' || outcome.kind === 'refused') {
    throw new Error(`${wallet.name}: ${JSON.stringify(outcome)}`);
  }
}

const connectors = allConnectors({ real: () => new Date(), timeout_ms: 20_000 });
const operations: Record<string, () => Promise<unknown>> = { crypto };
for (const wallet of connectors) {
  const found = given.find((each) => each.wallet === wallet.name);
  if (!found) continue;
  const account: WalletAccount = {
    id: `wac_${wallet.name}`,
    wallet: wallet.name,
    custody: 'merchant_own',
    ...wallet.parseAccount(found),
  };
  const side = { wallet, account };
  const reference = await create(side);
  operations[`${wallet.name} create`] = () => create(side);
  operations[`${wallet.name} query`] = () => query(side, reference);
}

const tallies = Object.keys(operations).map((kind) => newTally(kind, clients));
const load = (kind: string, length_s: number) =>
  runLoad(clients, length_s, async () => {
    await operations[kind]?.();
  });
for (const { kind } of tallies) await load(kind, WARM_UP_S);
for (let round = 0; round < rounds; round += 1) {
  for (const tally of tallies) await measure(tally, watched, () => load(tally.kind, seconds));
  process.stdout.write(`round ${round + 1} of ${rounds}\n`);
}
process.stdout.write(walletsReport(tallies));
for (const connector of connectors) connector.stop();
child.disconnect();
await once(child, 'exit');
process.exit(0);
