import { z } from 'zod';
import type { Hutong, Payment } from '../../src/client/client.ts';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';
import type { SandboxFile } from '../../src/world/sandbox-file.ts';

/**
 * The wallets' own books, read from the process that keeps them, against what the hub says through
 * its public API.
 */
const transaction = z.object({
  wallet_reference: z.string(),
  amount: z.number(),
  refunded: z.number(),
  state: z.enum(['waiting', 'paid', 'closed', 'refunded', 'partially_refunded']),
});
const transactionPage = z.object({
  data: z.array(transaction),
  next_cursor: z.string().nullable(),
});
const balances = z.object({
  merchants: z.array(z.object({ merchant: z.string(), amount: z.number() })),
  pending_notifications: z.number(),
});
const ledgerAnswer = z.object({
  sum: z.number(),
  wallets: z.array(
    z.object({
      wallet: z.enum(WALLETS),
      wallet_merchant: z.string(),
      balance: z.number(),
      reserved: z.number(),
    }),
  ),
  violations: z.array(z.object({ law: z.string(), detail: z.string() })),
});
const attemptList = z.object({
  data: z.array(z.object({ wallet_reference: z.string(), state: z.string() })),
});

const PAGE = 1_000;

export interface Accounts {
  readonly file: SandboxFile;
  readonly client: Hutong;
  /** Key of the platform whose client that is. */
  readonly secret_key: string;
}

async function get<T>(schema: z.ZodType<T>, url: URL, key?: string): Promise<T> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const answer = await fetch(url, { headers });
  if (!answer.ok) throw new Error(`${url.pathname} answers ${answer.status}`);
  return schema.parse(await answer.json());
}

type Transaction = z.infer<typeof transaction>;

async function transactionsOf({ phone }: SandboxFile, wallet: WalletName): Promise<Transaction[]> {
  const url = new URL(`/api/wallets/${wallet}/transactions?limit=${PAGE}`, phone.url);
  const found: Transaction[] = [];
  for (;;) {
    const page = await get(transactionPage, url);
    found.push(...page.data);
    if (page.next_cursor === null) return found;
    url.searchParams.set('after', page.next_cursor);
  }
}

/** One line for everything in which hub, ledger and wallets disagree; empty when all is equal. */
export async function differences(accounts: Accounts, ids: readonly string[]): Promise<string[]> {
  const found = await ledgerDifferences(accounts);
  const book = new Map<string, Transaction>();
  for (const wallet of WALLETS) {
    for (const line of await transactionsOf(accounts.file, wallet)) {
      book.set(line.wallet_reference, line);
    }
  }
  const payments: Payment[] = [];
  for await (const payment of accounts.client.payments.all({ limit: 100 })) payments.push(payment);
  if (payments.length !== ids.length) {
    found.push(`${ids.length} orders made ${payments.length} payments`);
  }
  for (const payment of payments) {
    found.push(...(await paymentDifferences(accounts, payment, book)));
  }
  for (const line of book.values()) found.push(`${line.wallet_reference} is unknown to the hub`);
  return found;
}

/** Takes the payment's lines out of `book`: what is left belongs to nobody. */
async function paymentDifferences(
  { file, secret_key }: Accounts,
  payment: Payment,
  book: Map<string, Transaction>,
): Promise<string[]> {
  const url = new URL(`/v1/payments/${payment.id}/attempts`, file.hub.url);
  const { data: attempts } = await get(attemptList, url, secret_key);
  const found: string[] = [];
  let times = 0;
  for (const { wallet_reference, state } of attempts) {
    const line = book.get(wallet_reference);
    book.delete(wallet_reference);
    const kept = line && line.state !== 'waiting' && line.state !== 'closed';
    const money = kept ? line.amount - line.refunded : 0;
    if (money > 0) times += 1;
    if (
      money > 0 !== (state === 'succeeded') ||
      (money > 0 && money !== payment.amount - payment.refunded_amount)
    ) {
      found.push(`${payment.id}: attempt ${state}, ${line?.state ?? 'unknown'} at the wallet`);
    }
  }
  if (payment.state !== 'succeeded' || times !== 1) {
    found.push(`${payment.id} is ${payment.state} and was paid ${times} times`);
  }
  return found;
}

async function ledgerDifferences({ file }: Accounts): Promise<string[]> {
  const url = new URL('/v1/ledger?laws=money', file.hub.url);
  const ledger = await get(ledgerAnswer, url, file.hub.operator_key);
  const found = ledger.violations.map(({ law, detail }) => `${law}: ${detail}`);
  if (ledger.sum !== 0) found.push(`the ledger sums to ${ledger.sum}`);
  if (ledger.wallets.length !== WALLETS.length) found.push('the ledger does not know every wallet');
  for (const { wallet, wallet_merchant, balance, reserved } of ledger.wallets) {
    const path = `/api/wallets/${wallet}/balances`;
    const { merchants } = await get(balances, new URL(path, file.phone.url));
    const owed = merchants.find(({ merchant }) => merchant === wallet_merchant)?.amount ?? 0;
    if (owed !== balance) found.push(`${wallet} owes ${owed}, the ledger says ${balance}`);
    if (reserved !== 0) found.push(`${wallet}: a refund of ${reserved} is still on its way`);
  }
  return found;
}
