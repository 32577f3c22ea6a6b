import type { App } from '../../app.ts';
import { sql } from '../../db/pool.ts';
import type { Book } from '../../ids.ts';
import type { WalletAccount } from '../../wallets/wallet.ts';
import type { Desk } from '../matching/desk.ts';
import type { Compared } from '../matching/more-bills.ts';
import type { Break, TrailEntry } from './break.ts';
import { type Owner, paymentOwner, soleOwner } from './owner.ts';
import { ended, entry, suspensePosting } from './parts.ts';
import { BREAK_COLUMNS } from './row.ts';

/** Breaks that end by themselves: a later run no longer gives them, or a later bill has them. */
const PAGE = 200;

/** Whose bill it is. */
export interface Closing {
  readonly account: WalletAccount;
  readonly bill_id: string;
  readonly date: string;
  readonly owner: Owner | undefined;
  /** What this run had bills for, beside the one of payments. */
  readonly compared: Compared;
}

export async function closingOf(
  app: App,
  account: WalletAccount,
  run: Omit<Closing, 'account' | 'owner'>,
): Promise<Closing> {
  return { ...run, account, owner: await soleOwner(app, account.id) };
}

/** Breaks of an earlier run of this bill that it no longer gives, of what it compared again. */
export async function endVanished(
  app: App,
  desk: Desk,
  closing: Closing,
  book: Book,
): Promise<void> {
  const { splits, payouts, funds, sellers } = closing.compared;
  for (let after = ''; ; ) {
    const gone = await desk.query<Break>(sql`
      select ${BREAK_COLUMNS} from breaks b
      where book = ${book} and bill_id = ${closing.bill_id} and id > ${after}
        and (state = 'open' or trail -> -1 ->> 'action' = 'book_to_suspense')
        and case about when 'split' then ${splits}::boolean when 'payout' then ${payouts}::boolean
          when 'funds' then case when detail ? 'seller' then ${sellers && payouts}::boolean
            else ${funds}::boolean end
          else true end
        and not exists (select from differences d
          where d.book = b.book and d.kind = b.kind and d.subject = b.subject)
      order by id limit ${PAGE}`);
    const last = gone.at(-1);
    if (!last) return;
    after = last.id;
    const reason = entry(app, 'not_in_bill', `run again: the bill of ${closing.date}`);
    await endAll(app, closing, gone, reason);
  }
}

/** What another day lacked and this bill has: a payout may arrive, or come back, on a later day. */
export async function endFoundLater(
  app: App,
  desk: Desk,
  closing: Closing,
  book: Book,
): Promise<void> {
  for (let after = ''; ; ) {
    const found = await desk.query<Break>(sql`
      select ${BREAK_COLUMNS} from breaks b
      where b.book = ${book} and b.wallet_account_id = ${closing.account.id}
        and b.state = 'open' and b.id > ${after}
        and (b.kind = 'missing_there' and b.subject in (
            select subject from differences
            where book = ${book} and kind = 'date_shift' and detail -> 'other_bill' is null)
          or b.about = 'payout' and b.bill_id <> ${closing.bill_id} and exists (
            select from moves m
            where m.book = ${book} and m.about = 'payout' and m.reference = b.subject
              and (b.kind = 'missing_there' and m.billed > 0
                or b.kind = 'state' and b.amount < 0 and m.billed < 0 and m.counted)))
      order by b.id limit ${PAGE}`);
    const last = found.at(-1);
    if (!last) return;
    after = last.id;
    await endAll(app, closing, found, entry(app, 'netted', `the bill of ${closing.date} has it`));
  }
}

async function endAll(
  app: App,
  closing: Closing,
  list: readonly Break[],
  reason: TrailEntry,
): Promise<void> {
  for (const found of list) {
    const { book } = found;
    const owner = (await paymentOwner(app, found)) ?? closing.owner;
    const postings = suspensePosting(app, closing.account, found, 'out');
    const move = ended(app, found, reason, owner, postings);
    // What somebody had ended is told of as ended already.
    const events = found.state === 'open' ? move.events : [];
    // Stale or short of suspense: it stays as it is for somebody to look at.
    await app.ledger.submit({ ...move, events, book });
  }
}
