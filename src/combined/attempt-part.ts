import type { App } from '../app.ts';
import { assert } from '../errors.ts';
import { type Book, newWalletReference } from '../ids.ts';
import type { RowChange, RowKind } from '../ledger/ledger.ts';
import type { Attempt, Payment } from '../payments/payment.ts';
import type { CombinedOrder } from '../wallets/products/combined.ts';
import type { WalletAccount } from '../wallets/wallet.ts';
import { selectAttemptParts, selectSellers } from './queries.ts';

/** A part of a payment at a wallet, under its own number for this attempt. */
export interface AttemptPart {
  readonly book: Book;
  readonly wallet_reference: string;
  readonly attempt_id: Attempt['id'];
  readonly payment_id: Payment['id'];
  readonly part_id: string;
  readonly position: number;
  readonly wallet_account_id: string;
  readonly amount: bigint;
  readonly description: string;
  readonly sub_merchant: string | null;
  readonly wallet_transaction_id: string | null;
}

const ATTEMPT_PART_ROW: RowKind = {
  table: 'attempt_parts',
  id_column: 'wallet_reference',
  columns: {
    attempt_id: 'text',
    payment_id: 'text',
    part_id: 'text',
    position: 'smallint',
    wallet_account_id: 'text',
    amount: 'bigint',
    description: 'text',
    sub_merchant: 'text',
    wallet_transaction_id: 'text',
  },
};

/** The rows that commit with an attempt; none for a payment without parts. */
export async function attemptPartRows(
  app: App,
  payment: Payment,
  attempt: Attempt,
): Promise<RowChange[]> {
  if (payment.parts.length === 0) return [];
  const ids = payment.parts.map(({ merchant_id }) => merchant_id);
  const sellers = await selectSellers(app.db, attempt.wallet_account_id, ids);
  const numbers = new Map(sellers.map((row) => [row.merchant_id, row.sub_merchant]));
  return payment.parts.map((part, position) => ({
    op: 'insert',
    kind: ATTEMPT_PART_ROW,
    id: newWalletReference(payment.book),
    values: {
      attempt_id: attempt.id,
      payment_id: payment.id,
      part_id: part.id,
      position,
      wallet_account_id: attempt.wallet_account_id,
      amount: part.amount,
      description: part.description,
      sub_merchant: numbers.get(part.merchant_id) ?? null,
      wallet_transaction_id: null,
    },
  }));
}

export function nameTransaction(wallet_reference: string, id: string): RowChange {
  const values = { wallet_transaction_id: id };
  return { op: 'set', kind: ATTEMPT_PART_ROW, id: wallet_reference, values };
}

/** By what the wallet knows a refundable order: the attempt's own, or that of one part. */
export interface OrderAtWallet {
  readonly wallet_reference: string;
  readonly wallet_transaction_id: string | null;
  readonly sub_merchant: string | null;
  readonly amount: bigint;
}

export async function orderAtWallet(
  app: App,
  attempt: Attempt,
  part_id: string | null,
): Promise<OrderAtWallet> {
  if (part_id === null) return attempt;
  const parts = await selectAttemptParts(app.db, attempt.book, attempt.id);
  const part = parts.find((each) => each.part_id === part_id);
  assert(part, `attempt ${attempt.id} has no part ${part_id}`);
  return part;
}

/** The order as the wallet was, or is to be, told of it: the same for every call about it. */
export async function combinedOrder(
  app: App,
  attempt: Attempt,
  account: WalletAccount,
  more: {
    readonly description?: string;
    readonly client_ip?: string;
    readonly payer?: string;
  } = {},
): Promise<CombinedOrder> {
  const { description = attempt.wallet_reference, client_ip = '127.0.0.1', payer } = more;
  const parts = await selectAttemptParts(app.db, attempt.book, attempt.id);
  return {
    wallet_reference: attempt.wallet_reference,
    currency: 'CNY',
    description,
    presentation: attempt.presentation,
    notify_url: `${app.public_url}/notify/${attempt.wallet}/${account.id}`,
    return_url: `${app.public_url}/c/return/${attempt.payment_id}`,
    expires_at: attempt.expires_at,
    client_ip,
    ...(payer === undefined ? {} : { payer }),
    parts: parts.map((part) => ({
      wallet_reference: part.wallet_reference,
      amount: part.amount,
      description: part.description,
      ...(part.sub_merchant === null ? {} : { sub_merchant: part.sub_merchant }),
    })),
  };
}
