import type { App } from '../../app.ts';
import { type MoveParts, NOTHING } from '../../payments/changes.ts';
import type { FactSource } from '../../payments/decide.ts';
import type { Break } from './break.ts';
import { type Owner, paymentOwner, soleOwner } from './owner.ts';
import { entry, freshBreak, told } from './parts.ts';
import { insertBreak } from './row.ts';

type Named = 'book' | 'wallet_account_id' | 'kind' | 'about' | 'subject' | 'payment_id' | 'detail';

const SOURCES: Readonly<Record<FactSource, string>> = {
  notification: 'a notification',
  query: 'the answer to a query',
  answer: 'the answer to a call',
  bill: 'a bill',
  person: 'a person’s word',
};

/** The move that opens a break by a wallet's fact, before any bill, and tells its owner. */
export async function openByFact(
  app: App,
  source: FactSource,
  about: Pick<Break, Named> & Partial<Pick<Break, 'amount'>>,
  owner?: Owner,
): Promise<MoveParts> {
  const trail = [entry(app, 'opened', SOURCES[source])];
  const detail = { source, ...about.detail };
  const found = freshBreak(app, trail, {
    bill_id: null,
    amount: null,
    fee: null,
    ...about,
    detail,
  });
  const whose =
    owner ??
    (await paymentOwner(app, found)) ??
    (await rememberedOwner(app, found.wallet_account_id));
  const events = told(app, 'break.opened', found, whose);
  return { ...NOTHING, rows: [insertBreak(found)], events };
}

const OWNERS_MS = 5_000;
type Remembered = { readonly until: number; readonly owner: Promise<Owner | undefined> };
const owners = new WeakMap<App, Map<string, Remembered>>();

/** A bill may tell of thousands of strange payments at once: asked for once in a moment. */
function rememberedOwner(app: App, account_id: string): Promise<Owner | undefined> {
  const known = owners.get(app) ?? new Map<string, Remembered>();
  owners.set(app, known);
  const found = known.get(account_id);
  if (found && found.until > Date.now()) return found.owner;
  const owner = soleOwner(app, account_id);
  known.set(account_id, { until: Date.now() + OWNERS_MS, owner });
  owner.catch(() => known.delete(account_id));
  return owner;
}
