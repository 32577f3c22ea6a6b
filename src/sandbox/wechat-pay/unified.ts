import type { WalletTransaction } from '../sandbox.ts';
import type { OrderRecord } from './books.ts';

/** An order of the books in the words that phone and tests share over all wallets. */
export function unified(order: OrderRecord, reference: string): WalletTransaction {
  return {
    wallet_reference: reference,
    wallet_transaction_id: order.transaction_id,
    merchant: order.mchid,
    amount: order.total,
    refunded: order.state === 'REVOKED' && order.paid_at !== null ? order.total : order.refunded,
    state: unifiedState(order),
    wallet_state: order.state,
    payer: order.person,
    created_at: new Date(order.created_at).toISOString(),
    paid_at: order.paid_at === null ? null : new Date(order.paid_at).toISOString(),
  };
}

function unifiedState(order: OrderRecord): WalletTransaction['state'] {
  switch (order.state) {
    case 'NOTPAY':
    case 'USERPAYING':
      return 'waiting';
    case 'SUCCESS':
      return 'paid';
    case 'CLOSED':
    case 'PAYERROR':
      return 'closed';
    case 'REVOKED':
      return order.paid_at === null ? 'closed' : 'refunded';
    case 'REFUND':
      return order.refunded === order.total ? 'refunded' : 'partially_refunded';
    default:
      return order.state satisfies never;
  }
}
