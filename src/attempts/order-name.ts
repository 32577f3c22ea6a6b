import type { Attempt } from '../payments/payment.ts';

/** By what a wallet finds an order: our number, and the seller under a platform's account. */
export function orderName({
  wallet_reference,
  sub_merchant,
}: Attempt): [wallet_reference: string, sub_merchant?: string] {
  return sub_merchant === null ? [wallet_reference] : [wallet_reference, sub_merchant];
}
