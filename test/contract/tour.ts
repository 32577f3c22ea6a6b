import { createHash } from 'node:crypto';
import type { Fault } from '../../src/sandbox/faults.ts';
import type { CreateOrder, WalletAccount } from '../../src/wallets/wallet.ts';
import { until } from './merchant.ts';
import { sandboxOf } from './payments.ts';
import { plain } from './plain.ts';
import { needsPayer, type Stage } from './stage.ts';

/**
 * The same walk through one wallet each time: every kind of number that it gives is told, without
 * what is truly random in it (signatures, nonces) or of the machine (ports, real time).
 */
export type Told = readonly [what: string, said: string];

interface Walk {
  readonly stage: Stage;
  readonly told: Told[];
  readonly at: Date;
  /** Our own numbers: 28 characters with the same time in all of them. */
  next(): string;
  tell(what: string, value: unknown): void;
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export async function tourOf(stage: Stage, at: Date): Promise<readonly Told[]> {
  const told: Told[] = [];
  let count = 0;
  const walk: Walk = {
    stage,
    told,
    at,
    next: () => {
      count += 1;
      return reference(at, count);
    },
    tell: (what, value) => {
      told.push([what, plain(value)]);
    },
  };
  await presentations(walk);
  await refunds(walk);
  await charges(walk);
  await held(walk);
  await payouts(walk);
  await faults(walk);
  await books(walk);
  return told;
}

/** Ours, as the hub makes them: book, time, then a serial in place of chance. */
function reference(at: Date, serial: number): string {
  let time = '';
  for (let rest = at.getTime(); time.length < 10; rest = Math.floor(rest / 32)) {
    time = ALPHABET.charAt(rest % 32) + time;
  }
  return `00${time}${serial.toString().padStart(16, '0')}`;
}

function orderOf({ stage, at, next }: Walk, more: Partial<CreateOrder> = {}): CreateOrder {
  const expires_at = new Date(at.getTime() + 3_600_000);
  return stage.order({ wallet_reference: next(), expires_at, ...more });
}

async function paid(walk: Walk, more: Partial<CreateOrder> = {}, account = walk.stage.account) {
  const { wallet } = walk.stage;
  const sandbox = sandboxOf(walk.stage);
  const [first] = wallet.capabilities.presentations;
  const presentation = more.presentation ?? first ?? 'qr';
  const order = orderOf(walk, { ...more, presentation });
  const payer = needsPayer(presentation) ? { payer: await sandbox.payerId('lin-xia') } : {};
  const made = await wallet.createPayment(account, { ...order, ...payer });
  if (made.kind !== 'presented') throw new Error(JSON.stringify(made.trace));
  // Addresses of pages may be ours alone; what is scanned or called has a number of the wallet's.
  const what = ['qr', 'in_app', 'mini_program'].includes(presentation) ? 'token' : 'address';
  walk.tell(`${what} of ${presentation}`, made.presentation);
  await sandbox.pay(made.presentation);
  const asked = await wallet.queryPayment(account, order.wallet_reference, order.sub_merchant);
  if (asked.kind !== 'fact') throw new Error(JSON.stringify(asked.trace));
  walk.tell(`number of the payment by ${presentation}`, asked.fact);
  return { order, fact: asked.fact };
}

async function presentations(walk: Walk): Promise<void> {
  const { wallet, account } = walk.stage;
  const sandbox = sandboxOf(walk.stage);
  walk.tell(
    'merchants',
    sandbox.side.accounts().map(({ settings }) => shownOf(settings)),
  );
  for (const presentation of wallet.capabilities.presentations) await paid(walk, { presentation });
  if (wallet.payerLogin) walk.tell('payer', await sandbox.payerId('chen-yu', account));
}

/** Numbers of certificates belong to keys. */
function shownOf(settings: Readonly<Record<string, unknown>>) {
  const { mchid, appid, app_id, mer_id } = settings;
  return { mchid, appid, app_id, mer_id };
}

async function refunds(walk: Walk): Promise<void> {
  const { wallet, account } = walk.stage;
  const { order, fact } = await paid(walk);
  const { wallet_transaction_id = '' } = fact;
  for (const amount of [100n, 34n]) {
    const refund = {
      wallet_reference: order.wallet_reference,
      wallet_transaction_id,
      refund_reference: walk.next(),
      amount,
      payment_amount: order.amount,
      currency: 'CNY',
      reason: '少件',
      notify_url: order.notify_url,
    } as const;
    const asked = await wallet.refund(account, refund);
    walk.tell(`refund of ${amount}`, asked.kind === 'fact' ? asked.fact : asked);
    // It arrives beside the calls: time goes on when it has.
    await until('the refund', async () => {
      const now = await wallet.queryRefund(account, refund);
      return now.kind === 'fact' && now.fact.state === 'succeeded' ? now : undefined;
    });
    // UnionPay takes refunds of one payment a minute apart.
    sandboxOf(walk.stage).advance(60_000);
  }
}

async function settled(stage: Stage): Promise<void> {
  await until('all notifications', () =>
    sandboxOf(stage).side.pendingNotifications() === 0 ? true : undefined,
  );
}

async function charges(walk: Walk): Promise<void> {
  const { stage } = walk;
  const { payerCodes } = stage.wallet;
  if (!payerCodes) return;
  for (const person of ['chen-yu', 'lin-xia']) {
    const { code } = sandboxOf(stage).side.payerCode(person);
    walk.tell(`code of ${person}`, code);
    const { expires_at: _, ...order } = orderOf(walk);
    const charge = { ...order, payer_code: code, device: 'POS-1' };
    const asked = await payerCodes.charge(stage.account, charge);
    walk.tell(`number of the charge of ${person}`, asked.kind === 'fact' ? asked.fact : asked.kind);
  }
}

async function held(walk: Walk): Promise<void> {
  const { stage } = walk;
  const { splits } = stage.wallet;
  const sandbox = sandboxOf(stage);
  const receiver = sandbox.accountOf('certificate');
  if (!splits || !receiver) return;
  const account = stage.wallet.merchantNumber(receiver.account);
  const name = stage.wallet.name === 'alipay' ? '胡同书店' : '胡同文具';
  const part = { kind: 'merchant', account, name } as const;
  await splits.addReceiver(stage.account, part);
  const { order, fact } = await paid(walk, { hold: true });
  sandbox.advance(120_000);
  const split = {
    split_reference: walk.next(),
    wallet_reference: order.wallet_reference,
    wallet_transaction_id: fact.wallet_transaction_id ?? '',
    parts: [{ ...part, amount: 100n, description: '佣金' }],
    release_rest: false,
  };
  const asked = await splits.split(stage.account, split);
  walk.tell('number of the split', asked.kind === 'fact' ? asked.fact : asked);
}

async function payouts(walk: Walk): Promise<void> {
  const { stage } = walk;
  const sandbox = sandboxOf(stage);
  const certified: WalletAccount | undefined = sandbox.accountOf('certificate')?.account;
  if (!stage.wallet.payouts || !certified) return;
  const asked = await stage.wallet.payouts.pay(certified, {
    payout_reference: walk.next(),
    amount: 500n,
    currency: 'CNY',
    payee: await sandbox.payerId('chen-yu', certified),
    description: '退货补偿',
    notify_url: stage.merchant.notify_url,
  });
  walk.tell('number of the payout', asked.kind === 'fact' ? asked.fact : asked);
}

/** The dial by chance: which calls, and which notifications, are struck. */
async function faults(walk: Walk): Promise<void> {
  const { stage } = walk;
  const sandbox = sandboxOf(stage);
  await settled(stage);
  const before = stage.merchant.received.length;
  const half = (fault: Fault) => ({ fault, probability: 0.5 });
  sandbox.faults.set([half('error_before_effect'), half('notification_duplicated')]);
  const kinds: string[] = [];
  for (let nth = 0; nth < 40; nth += 1) {
    const made = await stage.wallet.createPayment(stage.account, orderOf(walk));
    kinds.push(made.kind);
    if (made.kind === 'presented') await sandbox.pay(made.presentation).catch(() => {});
  }
  walk.tell('faults of calls', kinds);
  await settled(stage);
  walk.tell('faults of notifications', stage.merchant.received.length - before);
  sandbox.faults.set([]);
}

async function books({ stage, tell }: Walk): Promise<void> {
  const { side } = sandboxOf(stage);
  const rows = side.transactions({ limit: 500 });
  tell('numbers in the books', rows);
  tell('balances', [side.balance('lin-xia'), [...side.merchantBalances()]]);
  await settled(stage);
  const ids = await Promise.all(
    stage.merchant.received.map(async (raw) => {
      const verified = await stage.wallet.verifyNotification(stage.account, raw);
      return verified.kind === 'verified' ? numberOf(raw.body) : '';
    }),
  );
  tell('numbers of notifications', ids.filter((id) => id !== '').sort());
}

/** The wallet's own number of a notification, where it gives one. */
function numberOf(body: Buffer): string {
  const text = body.toString('utf8');
  if (text.startsWith('{')) return String(/"id":"([^"]+)"/.exec(text)?.[1]);
  const form = new URLSearchParams(text);
  const known = form.get('notify_id') ?? form.get('queryId');
  return known ?? createHash('sha256').update(text).digest('hex');
}
