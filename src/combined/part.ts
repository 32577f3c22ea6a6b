import { Refusal } from '../errors.ts';
import { type Book, type Id, newId } from '../ids.ts';
import type { RowChange, RowKind } from '../ledger/ledger.ts';

/**
 * A combined order: one payment, several sellers. Its parts are paid all at once or not at all;
 * each is its own seller's money, and is refunded by itself.
 */
export interface PaymentPart {
  readonly id: Id<'prt'>;
  readonly merchant_id: string;
  readonly amount: bigint;
  readonly description: string;
  /** The marketplace's own number of this seller's order, unique in the payment. */
  readonly reference: string;
  /** Refunds created and not definitely refused; never above the amount. */
  readonly refund_reserved: bigint;
  readonly refunded: bigint;
}

export interface NewPart {
  readonly merchant: string;
  readonly amount: bigint;
  readonly description: string;
  readonly reference: string;
}

/** WeChat Pay's most; other wallets have less. */
export const MAX_PARTS = 50;
export const MIN_PARTS = 2;

/** @throws Refusal when the parts do not make up the payment */
export function planParts(
  book: Book,
  amount: bigint,
  parts: readonly NewPart[],
): readonly PaymentPart[] {
  const sum = parts.reduce((total, part) => total + part.amount, 0n);
  if (parts.length > 0 && sum !== amount) {
    throw new Refusal('invalid_parameter', {
      param: 'amount',
      message: `amount: the parts sum to ${sum} fen, not to ${amount}`,
    });
  }
  if (new Set(parts.map(({ reference }) => reference)).size < parts.length) {
    throw new Refusal('invalid_parameter', {
      param: 'parts',
      message: 'parts: each needs a reference of its own',
    });
  }
  return parts.map(({ merchant, ...part }) => ({
    ...part,
    id: newId('prt', book),
    merchant_id: merchant,
    refund_reserved: 0n,
    refunded: 0n,
  }));
}

/** A part as JSON that the database made: amounts are numbers there. */
export type PartRecord = {
  readonly [K in keyof PaymentPart]: PaymentPart[K] extends bigint ? number : PaymentPart[K];
};

export function partsOf(records: readonly PartRecord[] | null): readonly PaymentPart[] {
  return (records ?? []).map((record) => ({
    ...record,
    amount: BigInt(record.amount),
    refund_reserved: BigInt(record.refund_reserved),
    refunded: BigInt(record.refunded),
  }));
}

const PART_ROW: RowKind = {
  table: 'payment_parts',
  columns: { refund_reserved: 'bigint', refunded: 'bigint' },
};

/** Always beside a change of the payment, whose version keeps two of them apart. */
export function changePart(
  { id }: PaymentPart,
  values: Partial<Pick<PaymentPart, 'refund_reserved' | 'refunded'>>,
): RowChange {
  return { op: 'set', kind: PART_ROW, id, values };
}

/** JSON text of the parts in their order, for the statement that writes them. */
export function partRows(parts: readonly PaymentPart[]): string {
  if (parts.length === 0) return '[]';
  const rows = parts.map((part, position) => ({
    id: part.id,
    position,
    merchant_id: part.merchant_id,
    amount: part.amount.toString(),
    description: part.description,
    reference: part.reference,
  }));
  return JSON.stringify(rows);
}
