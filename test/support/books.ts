import type { App } from '../../src/app.ts';
import { findAttempts } from '../../src/attempts/find.ts';
import { brokenLaws } from '../../src/check/run.ts';
import { sql } from '../../src/db/pool.ts';
import type { Book } from '../../src/ids.ts';
import { LAWS } from '../../src/laws/every.ts';
import { findPayment } from '../../src/payments/find.ts';
import type { WalletSandbox } from '../../src/sandbox/sandbox.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';

/** Where hub and wallets disagree, one line each; read from the wallets' own books. */
export async function differences(
  app: App,
  sandboxes: readonly WalletSandbox[],
  { book, accounts }: { book: Book; accounts: Readonly<Record<WalletName, string>> },
): Promise<string[]> {
  const found = (await brokenLaws(app.db, LAWS)).map(
    (violation) => `${violation.law}: ${violation.detail}`,
  );
  for (const sandbox of sandboxes) {
    let owed = 0n;
    for (const balance of sandbox.merchantBalances().values()) owed += balance;
    const account = accounts[sandbox.wallet];
    const booked = (await app.ledger.balance(book, `wallet:${account}`))?.posted ?? 0n;
    const stuck = await stuckRefunds(app, book, account);
    if (owed !== booked - stuck) {
      const reserved = stuck === 0n ? '' : `, of which ${stuck} are refunds that wait for action`;
      found.push(
        `${sandbox.wallet}: the wallet owes ${owed}, the ledger says ${booked}${reserved}`,
      );
    }
    for (const line of sandbox.transactions({ limit: 100_000 })) {
      const attempts = await app.db.query<{ payment_id: string }>(sql`
        select payment_id from attempts where book = ${book} and wallet_reference = ${line.wallet_reference}`);
      const payment = attempts[0] && (await findPayment(app, attempts[0].payment_id));
      if (!payment) {
        found.push(`${line.wallet_reference} is unknown to the hub`);
        continue;
      }
      const attempt = (await findAttempts(app, payment)).find(
        (entry) => entry.wallet_reference === line.wallet_reference,
      );
      const kept = line.state === 'paid' || line.state === 'partially_refunded';
      if (kept && attempt?.state !== 'succeeded') {
        found.push(
          `${line.wallet_reference}: ${line.state} at the wallet, attempt ${attempt?.state}`,
        );
      }
      if (attempt?.state === 'succeeded' && (line.state === 'waiting' || line.state === 'closed')) {
        found.push(`${line.wallet_reference}: ${line.state} at the wallet, attempt succeeded`);
      }
    }
  }
  return found;
}

/** Refunds that left the merchant and cannot reach the payer: reserved here, gone at the wallet. */
async function stuckRefunds(app: App, book: Book, account: string): Promise<bigint> {
  const [row] = await app.db.query<{ sum: bigint }>(sql`
    select coalesce(sum(r.amount), 0)::bigint as sum from refunds r
    join attempts a on a.book = r.book and a.id = r.attempt_id
    where r.book = ${book} and r.state = 'needs_action' and a.wallet_account_id = ${account}`);
  return row?.sum ?? 0n;
}
