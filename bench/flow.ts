import { randomUUID } from 'node:crypto';
import { WALLETS } from '../src/wallets/wallet.ts';
import { post, type Target } from './load.ts';
import type { Stage } from './stage.ts';

/** One shopper's way through a stage: the operations that the benches load it with. */
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

export async function createAt(stage: Stage, target: Target): Promise<string> {
  const made = await post(target, '/v1/payments', order(stage), headers(stage));
  return (made as { id: string }).id;
}

const waiting = new Map<string, () => void>();

/** Money for the payer, and an ear for the stage's webhooks. */
export async function fillPurse(stage: Stage): Promise<void> {
  stage.receiver.onEvent = ({ data }) => waiting.get(data.object.id)?.();
  for (const wallet of WALLETS) {
    const path = `/api/wallets/${wallet}/balances`;
    await post(stage.phone, path, { person: PERSON, amount: PLENTY });
  }
}

/** Create → attempt → scanned and paid at the wallet → notice → ledger → webhook acknowledged. */
export async function flow(stage: Stage, nth: number): Promise<void> {
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
