import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { WALLETS } from '../src/wallets/wallet.ts';
import { type LoadResult, post, runLoad, type Target } from './load.ts';
import { measure, type Tally } from './measure.ts';
import { report } from './report.ts';
import { openStage, type Stage } from './stage.ts';

/**
 * Creates and whole payments beside their floor, from one interleaved run on one machine; see
 * README.md. `--profile <folder>` writes CPU profiles of hub and world there.
 */
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '4' },
    clients: { type: 'string', default: '1,8,32' },
    kinds: { type: 'string', default: 'floor,create,flow' },
    profile: { type: 'string' },
  },
});

const seconds = Number(options.seconds);
const rounds = Number(options.rounds);
const clientCounts = options.clients.split(',').map(Number);
const kinds = options.kinds.split(',');
/** So long that the compiler of hub and world is done with what they run. */
const WARM_UP_S = 6;
const WARM_UP_CLIENTS = 16;
/** Fen. */
const PLENTY = 1_000_000_000_000;
const PERSON = 'lin-xia';
const WEBHOOK_MS = 30_000;

function order(stage: Stage): object {
  return {
    merchant: stage.merchant,
    amount: 1_234,
    currency: 'CNY',
    description: 'Jasmine tea, 250 g',
    order: { reference: randomUUID() },
  };
}

function headers(stage: Stage): Record<string, string> {
  return { authorization: `Bearer ${stage.key}`, 'idempotency-key': randomUUID() };
}

async function createAt(stage: Stage, target: Target): Promise<string> {
  const made = await post(target, '/v1/payments', order(stage), headers(stage));
  return (made as { id: string }).id;
}

const waiting = new Map<string, () => void>();

/** Create → attempt → scanned and paid at the wallet → notice → ledger → webhook acknowledged. */
async function flow(stage: Stage, nth: number): Promise<void> {
  const wallet = WALLETS[nth % WALLETS.length] ?? 'alipay';
  const id = await createAt(stage, stage.hub);
  const told = heard(id);
  const path = `/v1/payments/${id}/attempts`;
  const choice = { wallet, presentation: 'qr' };
  const attempt = await post(stage.hub, path, choice, headers(stage));
  const { qr: code } = (attempt as { presentation: { qr: string } }).presentation;
  const scan = await post(stage.phone, '/api/scan', { person: PERSON, wallet, code });
  const confirmation = { scan: (scan as { id: string }).id, outcome: 'pay' };
  await post(stage.phone, '/api/confirm', confirmation);
  await told;
}

function heard(id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no webhook for ${id}`)), WEBHOOK_MS);
    waiting.set(id, () => {
      clearTimeout(late);
      waiting.delete(id);
      resolve();
    });
  });
}

function operationsOf(stage: Stage): Record<string, () => Promise<unknown>> {
  let nth = 0;
  return {
    floor: () => createAt(stage, stage.floor),
    create: () => createAt(stage, stage.hub),
    flow: () => flow(stage, nth++),
  };
}

async function run(stage: Stage): Promise<Tally[]> {
  const operations = operationsOf(stage);
  const tallies = kinds.flatMap((kind) =>
    clientCounts.map((clients): Tally => {
      return {
        kind,
        clients,
        operations: 0,
        seconds: 0,
        latencies: [],
        cpu: new Map(),
        machine: 0,
      };
    }),
  );
  async function load(kind: string, clients: number, length_s: number): Promise<LoadResult> {
    const result = await runLoad(clients, length_s, async () => {
      await operations[kind]?.();
    });
    // The other side would cut what stays idle while another kind has its turn.
    for (const { agent } of [stage.hub, stage.floor, stage.phone]) agent.destroy();
    return result;
  }
  for (const wallet of WALLETS) {
    const path = `/api/wallets/${wallet}/balances`;
    await post(stage.phone, path, { person: PERSON, amount: PLENTY });
  }
  for (const kind of kinds) await load(kind, WARM_UP_CLIENTS, WARM_UP_S);
  for (let round = 0; round < rounds; round += 1) {
    for (const clients of clientCounts) {
      for (const tally of tallies.filter((one) => one.clients === clients)) {
        await measure(tally, stage.watched, () => load(tally.kind, clients, seconds));
      }
    }
    process.stdout.write(`round ${round + 1} of ${rounds}\n`);
  }
  return tallies;
}

const profile = options.profile;
const stage = await openStage(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []);
stage.receiver.onEvent = ({ data }) => waiting.get(data.object.id)?.();
try {
  process.stdout.write(report(await run(stage)));
} finally {
  await stage.stop();
}
process.exit(0);
