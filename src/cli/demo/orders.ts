import { randomUUID } from 'node:crypto';
import { type Attempt, createClient, type Hutong, type Payment } from '../../client/client.ts';
import {
  PRESENTATIONS,
  type PresentationKind,
  WALLETS,
  type WalletName,
} from '../../wallets/wallet.ts';
import { chooseInsideWallet, type Phone } from './shopper.ts';
import { ledgerTrouble, PERSON, print, printTable, type Stage, until } from './stage.ts';

interface Line {
  readonly payment: string;
  readonly wallet: WalletName;
  readonly presentation: PresentationKind;
  readonly state: string;
  readonly ms: number;
  readonly trouble: string | undefined;
}

interface Shop {
  readonly client: Hutong;
  readonly merchant: string;
  readonly phone: Phone;
}

/** One order through each wallet and presentation. @returns the exit code */
export async function runOrders(stage: Stage, times: number): Promise<number> {
  const kinds = WALLETS.flatMap((wallet) =>
    PRESENTATIONS.map((presentation) => ({ wallet, presentation })),
  ).filter(({ wallet, presentation }) => offers(wallet, presentation));
  const lines: Line[] = [];
  for (let round = 0; round < times; round += 1) {
    for (const [index, { wallet, presentation }] of kinds.entries()) {
      const shop = shopOf(stage, index);
      process.stdout.write(`buying with ${wallet} as ${presentation}… `);
      const line = await buy(shop, wallet, presentation);
      print(`${line.trouble ?? line.state} in ${line.ms} ms`);
      lines.push(line);
    }
  }
  printLines(lines);
  const off = await ledgerTrouble(stage);
  for (const line of off) print(line);
  const bad = lines.filter((line) => line.trouble !== undefined);
  const verdict = bad.length + off.length === 0 ? 'all well' : `${bad.length + off.length} wrong`;
  print(`${lines.length} orders, ${verdict}`);
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
function shopOf({ file, phone }: Stage, index: number): Shop {
  const platforms = Object.values(file.platforms);
  const platform = platforms[index % platforms.length];
  const merchant = Object.values(file.merchants).find((entry) => entry.platform === platform?.id);
  if (!platform || !merchant) throw new Error('sandbox.json names no shop: run "npm start" again');
  return {
    client: createClient({ base_url: file.hub.url, api_key: platform.secret_key }),
    merchant: merchant.id,
    phone,
  };
}

async function buy(shop: Shop, wallet: WalletName, presentation: PresentationKind): Promise<Line> {
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  let payment: Payment | undefined;
  try {
    const reference = `demo-${randomUUID()}`;
    payment = await shop.client.payments.create(
      {
        merchant: shop.merchant,
        amount: 1_234,
        currency: 'CNY',
        description: 'Demo order: jasmine tea, 250 g',
        order: { reference },
      },
      { idempotency_key: reference },
    );
    const code = await codeFor(shop, payment, wallet, presentation);
    await shop.phone.pay(PERSON, wallet, code);
    const paid = await untilPaid(shop, payment.id);
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
  shop: Shop,
  payment: Payment,
  wallet: WalletName,
  presentation: PresentationKind,
): Promise<string> {
  if (presentation === 'in_app') {
    await chooseInsideWallet(payment.checkout_url ?? '', wallet, PERSON);
    const attempts = await shop.client.payments.attempts(payment.id);
    return codeOf(attempts.find((attempt) => attempt.state === 'presented'));
  }
  return codeOf(
    await shop.client.payments.createAttempt(
      payment.id,
      { wallet, presentation },
      { idempotency_key: `${payment.id}-${presentation}` },
    ),
  );
}

/** What its code says, or its link. @throws an Error that says why there is none */
export function codeOf(attempt: Attempt | undefined): string {
  const shown = attempt?.presentation;
  if (!shown) throw new Error(`nothing to show: ${attempt?.refusal?.message ?? 'no attempt'}`);
  const params = Object.values(shown.params ?? {});
  const call = params.length === 1 ? String(params[0]) : JSON.stringify(shown.params);
  if (shown.kind === 'form') return `${shown.url}?${new URLSearchParams(shown.fields).toString()}`;
  return shown.qr ?? shown.url ?? call;
}

export function untilPaid({ client }: Pick<Shop, 'client'>, id: string): Promise<Payment> {
  return until(
    () => client.payments.get(id),
    ({ state }) => state === 'succeeded',
    ({ state }) => state,
  );
}

function printLines(lines: readonly Line[]): void {
  const head = ['payment', 'wallet', 'presentation', 'state', 'time'];
  const rows = lines.map((line) => [
    line.payment,
    line.wallet,
    line.presentation,
    line.state,
    `${line.ms} ms`,
  ]);
  print();
  printTable([head, ...rows]);
  print();
}
