import type { App } from '../app.ts';
import type { EventType, NewEvent } from '../events.ts';
import { newId } from '../ids.ts';
import type { RowChange, RowKind, RowValues } from '../ledger/ledger.ts';
import type { WalletTrace } from '../wallets/wallet.ts';
import type { Payout } from './payout.ts';
import { renderPayout } from './render.ts';

/** Building blocks of moves on payouts. */
const PAYOUT_ROW: RowKind = {
  table: 'payouts',
  columns: {
    platform_id: 'text',
    merchant_id: 'text',
    wallet_account_id: 'text',
    wallet: 'text',
    kind: 'text',
    state: 'text',
    amount: 'bigint',
    currency: 'text',
    payout_reference: 'text',
    wallet_payout_id: 'text',
    sub_merchant: 'text',
    payee: 'text',
    payee_hint: 'text',
    confirmation: 'jsonb',
    refusal: 'jsonb',
    cancel_requested_at: 'timestamptz',
    cancel_refusal: 'jsonb',
    reservation_id: 'text',
    next_query_at: 'timestamptz',
    created_at: 'timestamptz',
    sent_at: 'timestamptz',
    succeeded_at: 'timestamptz',
  },
};

const CALL_ROW: RowKind = {
  table: 'wallet_calls',
  columns: {
    payout_id: 'text',
    wallet: 'text',
    operation: 'text',
    outcome: 'text',
    trace: 'jsonb',
  },
};

type Changed = Partial<{ -readonly [K in keyof Payout]: Payout[K] }>;

export function insertPayout(payout: Payout): RowChange {
  const { book: _book, id, version: _version, ...columns } = payout;
  return { op: 'insert', kind: PAYOUT_ROW, id, values: columns };
}

export function changePayout(
  { id, version }: Payout,
  values: Changed & { next_query_at?: Date | null },
): RowChange {
  return { op: 'update', kind: PAYOUT_ROW, id, version, values: values as RowValues };
}

export function recordPayoutCall(
  payout: Pick<Payout, 'book' | 'id' | 'wallet'>,
  outcome: string,
  trace: WalletTrace,
): RowChange {
  const { operation } = trace;
  const values = { payout_id: payout.id, wallet: payout.wallet, operation, outcome, trace };
  return { op: 'insert', kind: CALL_ROW, id: newId('cal', payout.book), values };
}

/** `after` is the payout as the move leaves it; its version orders its events. */
export function payoutEvent(
  app: Pick<App, 'config'>,
  type: EventType,
  after: Payout,
  sequence: number,
): NewEvent {
  return {
    book: after.book,
    id: newId('evt', after.book),
    type,
    platform_id: after.platform_id,
    object_id: after.id,
    payment_id: null,
    sequence,
    public: true,
    data: { object: renderPayout(app, after) },
  };
}
