import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Attempt, createClient, type Hutong, type Payment } from '../client/client.ts';
import { loadConfig } from '../config.ts';
import { toYuan } from '../money.ts';
import {
  PRESENTATIONS,
  type PresentationKind,
  WALLETS,
  type WalletName,
} from '../wallets/wallet.ts';
import { readSandboxFile, type SandboxFile, sandboxFilePath } from '../world/sandbox-file.ts';
import { chooseInsideWallet, Phone } from './demo-shopper.ts';

/** `hutong demo`: buys one order through each wallet and presentation, without a browser. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('buy one order through each wallet and presentation, and print what happened')
    .option('--times <n>', 'how many orders of each kind', '1')
    .action(async (options: { times: string }) => {
      const times = Number.parseInt(options.times, 10);
      if (!/^\d{1,4}$/.test(options.times) || times < 1 || times > 1_000) {
        throw new Error('--times takes a whole number from 1 to 1000');
      }
      process.exitCode = await runDemo(times);
    });
}

const PERSON = 'lin-xia';
const PATIENCE_MS = 20_000;
const LOOK_MS = 50;

interface Line {
  readonly payment: string;
  readonly wallet: WalletName;
  readonly presentation: PresentationKind;
  readonly state: string;
  readonly ms: number;
  readonly trouble: string | undefined;
}

interface Stage {
  readonly client: Hutong;
  readonly merchant: string;
  readonly phone: Phone;
}

async function runDemo(times: number): Promise<number> {
  const { data_dir } = loadConfig(process.env);
  const file = readSandboxFile(data_dir);
  if (!file) {
    throw new Error(`no ${sandboxFilePath(data_dir)}: run "npm start" first, in another terminal`);
  }
  const kinds = WALLETS.flatMap((wallet) =>
    PRESENTATIONS.map((presentation) => ({ wallet, presentation })),
  ).filter(({ wallet, presentation }) => offers(wallet, presentation));
  const lines: Line[] = [];
  for (let round = 0; round < times; round += 1) {
    for (const [index, { wallet, presentation }] of kinds.entries()) {
      const stage = stageOf(file, index);
      process.stdout.write(`buying with ${wallet} as ${presentation}… `);
      const line = await buy(stage, wallet, presentation);
      process.stdout.write(`${line.trouble ?? line.state} in ${line.ms} ms\n`);
      lines.push(line);
    }
  }
  print(lines);
  const off = await ledgerTrouble(file);
  for (const line of off) process.stdout.write(`${line}\n`);
  const bad = lines.filter((line) => line.trouble !== undefined);
  const verdict = bad.length + off.length === 0 ? 'all well' : `${bad.length + off.length} wrong`;
  process.stdout.write(`${lines.length} orders, ${verdict}\n`);
  return bad.length + off.length === 0 ? 0 : 1;
}

/** Payments inside a merchant's app need that app. */
const APART: Readonly<Record<WalletName, readonly PresentationKind[]>> = {
  /** Has no cashier page for desktops. */
  wechat_pay: ['page'],
  alipay: [],
  /** Has no page of its own inside its app. */
  union_pay: ['in_app'],
  /** Codes and links only. */
  douyin_pay: ['page', 'in_app'],
};

function offers(wallet: WalletName, presentation: PresentationKind): boolean {
  if (presentation === 'app' || presentation === 'mini_program') return false;
  return !APART[wallet].includes(presentation);
}

/** Each order at the next of the demo marketplaces. */
function stageOf(file: SandboxFile, index: number): Stage {
  const platforms = Object.values(file.platforms);
  const platform = platforms[index % platforms.length];
  const merchant = Object.values(file.merchants).find((entry) => entry.platform === platform?.id);
  if (!platform || !merchant) throw new Error('sandbox.json names no shop: run "npm start" again');
  return {
    client: createClient({ base_url: file.hub.url, api_key: platform.secret_key }),
    merchant: merchant.id,
    phone: new Phone(file.phone.url),
  };
}

async function buy(
  stage: Stage,
  wallet: WalletName,
  presentation: PresentationKind,
): Promise<Line> {
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  let payment: Payment | undefined;
  try {
    const reference = `demo-${randomUUID()}`;
    payment = await stage.client.payments.create(
      {
        merchant: stage.merchant,
        amount: 1_234,
        currency: 'CNY',
        description: 'Demo order: jasmine tea, 250 g',
        order: { reference },
      },
      { idempotency_key: reference },
    );
    const code = await codeFor(stage, payment, wallet, presentation);
    await stage.phone.pay(PERSON, wallet, code);
    const paid = await untilPaid(stage, payment.id);
    const trouble = paid.wallet === wallet ? undefined : `paid with ${paid.wallet ?? 'nothing'}`;
    return {
      payment: payment.id,
      wallet,
      presentation,
      state: paid.state,
      ms: ms(),
      trouble,
    };
  } catch (error) {
    const trouble = error instanceof Error ? error.message : String(error);
    const id = payment?.id ?? '-';
    return { payment: id, wallet, presentation, state: 'failed', ms: ms(), trouble };
  }
}

/** What the shopper's phone is to scan or open. */
async function codeFor(
  stage: Stage,
  payment: Payment,
  wallet: WalletName,
  presentation: PresentationKind,
): Promise<string> {
  if (presentation === 'in_app') {
    await chooseInsideWallet(payment.checkout_url ?? '', wallet, PERSON);
    const attempts = await stage.client.payments.attempts(payment.id);
    return codeOf(attempts.find((attempt) => attempt.state === 'presented'));
  }
  return codeOf(
    await stage.client.payments.createAttempt(
      payment.id,
      { wallet, presentation },
      { idempotency_key: `${payment.id}-${presentation}` },
    ),
  );
}

function codeOf(attempt: Attempt | undefined): string {
  const shown = attempt?.presentation;
  if (!shown) throw new Error(`nothing to show: ${attempt?.refusal?.message ?? 'no attempt'}`);
  const params = Object.values(shown.params ?? {});
  const call = params.length === 1 ? String(params[0]) : JSON.stringify(shown.params);
  if (shown.kind === 'form') return `${shown.url}?${new URLSearchParams(shown.fields).toString()}`;
  return shown.qr ?? shown.url ?? call;
}

async function untilPaid(stage: Stage, id: string): Promise<Payment> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const payment = await stage.client.payments.get(id);
    if (payment.state === 'succeeded') return payment;
    if (Date.now() > end) throw new Error(`still ${payment.state} after ${PATIENCE_MS / 1000} s`);
    await sleep(LOOK_MS);
  }
}

/** Every wallet's own book against the hub's ledger, and the ledger against itself. */
async function ledgerTrouble(file: SandboxFile): Promise<string[]> {
  const answer = await fetch(`${file.hub.url}/v1/ledger`, {
    headers: { authorization: `Bearer ${file.hub.operator_key}` },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!answer.ok) return [`the ledger could not be read: ${answer.status}`];
  const ledger = (await answer.json()) as {
    sum: number;
    wallets: { wallet: WalletName; wallet_merchant: string; balance: number }[];
  };
  const phone = new Phone(file.phone.url);
  const trouble: string[] = [];
  if (ledger.sum !== 0) trouble.push(`the ledger's accounts sum to ${ledger.sum}, not to 0`);
  for (const { wallet, wallet_merchant, balance } of ledger.wallets) {
    const books = await phone.call<{ merchants: { merchant: string; amount: number }[] }>(
      `/api/wallets/${wallet}/balances`,
    );
    const owed = books.merchants.find((entry) => entry.merchant === wallet_merchant)?.amount ?? 0;
    const same = owed === balance ? 'equal' : 'NOT EQUAL';
    process.stdout.write(
      `${wallet}: ledger ${yuan(balance)}, wallet's book ${yuan(owed)}: ${same}\n`,
    );
    if (owed !== balance) trouble.push(`${wallet}: ledger and wallet's book differ`);
  }
  return trouble;
}

function yuan(fen: number): string {
  return `¥${toYuan(BigInt(fen))}`;
}

function print(lines: readonly Line[]): void {
  const head = ['payment', 'wallet', 'presentation', 'state', 'time'];
  const rows = lines.map((line) => [
    line.payment,
    line.wallet,
    line.presentation,
    line.state,
    `${line.ms} ms`,
  ]);
  const width = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const show = (row: readonly string[]) =>
    `${row.map((cell, column) => cell.padEnd(width[column] ?? 0)).join('  ')}\n`;
  process.stdout.write(`\n${show(head)}`);
  for (const row of rows) process.stdout.write(show(row));
  process.stdout.write('\n');
}
