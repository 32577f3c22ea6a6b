import type { App } from '../../src/app.ts';
import { brokenLaws } from '../../src/check/run.ts';
import { sql } from '../../src/db/pool.ts';
import type { Book } from '../../src/ids.ts';
import { LAWS } from '../../src/laws/every.ts';
import type { WalletSandbox } from '../../src/sandbox/sandbox.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';

/** Where hub and wallets disagree, one line each; read from the wallets' own books. */
export async function differences(
  app: App,
  sandboxes: readonly WalletSandbox[],
  { book, accounts }: { book: Book; accounts: Readonly<Record<WalletName, string>> },
): Promise<string[]> {
  const found: string[] = [];
  const attempts = await attemptStates(app, book);
  for (const sandbox of sandboxes) {
    let owed = 0n;
    for (const balance of sandbox.merchantBalances().values()) owed += balance;
    const account = accounts[sandbox.wallet];
    const booked = (await app.ledger.balance(book, `wallet:${account}`))?.posted ?? 0n;
    const stuck = await stuckRefunds(app, book, account);
    if (owed !== booked - stuck + (await paidOut(app, book, account))) {
      const reserved = stuck === 0n ? '' : `, of which ${stuck} are refunds that wait for action`;
      found.push(
        `${sandbox.wallet}: the wallet owes ${owed}, the ledger says ${booked}${reserved}`,
      );
    }
    for (const { wallet_reference, state } of sandbox.transactions({ limit: 100_000 })) {
      const ours = attempts.get(wallet_reference);
      const kept = state === 'paid' || state === 'partially_refunded';
      const unpaid = state === 'waiting' || state === 'closed';
      if (ours === undefined) found.push(`${wallet_reference} is unknown to the hub`);
      else if ((kept && ours !== 'succeeded') || (unpaid && ours === 'succeeded')) {
        found.push(`${wallet_reference}: ${state} at the wallet, attempt ${ours}`);
      }
    }
  }
  // The laws hold at every moment, but are too many to be tried at every look.
  if (found.length > 0) return found;
  const broken = await brokenLaws(app.db, LAWS);
  return broken.map(({ law, detail }) => `${law}: ${detail}`);
}

async function attemptStates(app: App, book: Book): Promise<Map<string, string>> {
  const rows = await app.db.query<{ wallet_reference: string; state: string }>(sql`
    select wallet_reference, state from attempts where book = ${book}
    union all
    select p.wallet_reference, a.state from attempt_parts p
    join attempts a on a.book = p.book and a.id = p.attempt_id
    where p.book = ${book}`);
  return new Map(rows.map((row) => [row.wallet_reference, row.state]));
}

/** Refunds that left the merchant and cannot reach the payer: reserved here, gone at the wallet. */
async function stuckRefunds(app: App, book: Book, account: string): Promise<bigint> {
  const [row] = await app.db.query<{ sum: bigint }>(sql`
    select coalesce(sum(r.amount), 0)::bigint as sum from refunds r
    join attempts a on a.book = r.book and a.id = r.attempt_id
    where r.book = ${book} and r.state = 'needs_action' and a.wallet_account_id = ${account}`);
  return row?.sum ?? 0n;
}

/** What left for sellers: the wallets' sums say what they owe before it. */
async function paidOut(app: App, book: Book, account: string): Promise<bigint> {
  const [row] = await app.db.query<{ sum: bigint }>(sql`
    select coalesce(sum(amount), 0)::bigint as sum from payouts
    where book = ${book} and wallet_account_id = ${account} and state = 'succeeded'`);
  return row?.sum ?? 0n;
}
