import type { Clock } from '../../clock.ts';
import { type Book, newId } from '../../ids.ts';
import { merchantAccount, walletFees } from '../../ledger/accounts.ts';
import type { NewPosting, RowKind } from '../../ledger/ledger.ts';

/** Corrected fees of one merchant by one bill: rows of the lines, a batch, one posting. */
export const FEE_BATCH_ROW: RowKind = {
  table: 'fee_batches',
  columns: {
    bill_id: 'text',
    wallet_account_id: 'text',
    merchant_id: 'text',
    amount: 'bigint',
    lines: 'integer',
    state: 'text',
    created_at: 'timestamptz',
  },
};

export const FEE_CORRECTION_ROW: RowKind = {
  table: 'fee_corrections',
  id_column: 'subject_id',
  columns: { batch_id: 'text', payment_id: 'text', booked: 'bigint', billed: 'bigint' },
};

export interface FeeBatch {
  readonly bill_id: string;
  readonly wallet_account_id: string;
  readonly merchant_id: string;
  /** Fen; positive: the wallet took more than was booked. */
  readonly amount: bigint;
}

/** None for a batch whose lines cancel each other out. */
export function postingsOf(
  clock: Pick<Clock, 'now'>,
  book: Book,
  { bill_id, wallet_account_id, merchant_id, amount }: FeeBatch,
): NewPosting[] {
  if (amount === 0n) return [];
  const merchant = merchantAccount(merchant_id);
  const fees = walletFees({ id: wallet_account_id });
  const more = amount > 0n;
  return [
    {
      kind: 'posted',
      id: newId('pst', book),
      debit: more ? merchant : fees,
      credit: more ? fees : merchant,
      amount: more ? amount : -amount,
      currency: 'CNY',
      reason: 'wallet_fee_correction',
      subject_id: bill_id,
      business_at: clock.now(),
      fact: true,
    },
  ];
}
