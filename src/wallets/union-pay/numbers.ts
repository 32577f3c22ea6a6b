import { madeAt } from '../../ids.ts';
import { stamp } from '../../protocols/union-pay/transactions.ts';

/**
 * UnionPay knows a trade by our number and the time it was sent, together. The time is the one
 * inside the number, so whoever knows the number can ask, also after a crash.
 */
export function tradeName(reference: string): { orderId: string; txnTime: string } {
  return { orderId: reference, txnTime: stamp(madeAt(reference)) };
}

/** Is what the wallet says about the trade that we mean? */
export function isAbout(
  reference: string,
  said: { readonly orderId: string | undefined; readonly txnTime: string | undefined },
): boolean {
  const { orderId, txnTime } = tradeName(reference);
  return said.orderId === orderId && said.txnTime === txnTime;
}
