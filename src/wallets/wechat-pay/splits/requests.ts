import { fenNumber, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { SplitOrder, SplitReturn } from '../../products/splits.ts';
import type { Refused } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import type { Call } from '../client.ts';
import { walletText } from '../orders/payments.ts';
import { notSent } from '../refusals.ts';
import type { Sealer } from '../trust/fields.ts';
import { ORDINARY, PLATFORM } from './calls.ts';
import { payeeApp, typeOf } from './receivers.ts';

/** The same wishes in the words of either family. */
const MAX_DESCRIPTION = 80;

export type OfPayment = {
  readonly wallet_transaction_id: string;
  readonly sub_merchant?: string;
};

/** Throws nothing: a name that cannot be encrypted makes the call impossible. */
export function splitCall(
  account: MerchantAccount,
  order: SplitOrder,
  sealer: Sealer | undefined,
): Call | Refused {
  const platform = account.role === 'platform';
  const target = `${platform ? PLATFORM : ORDINARY}/orders`;
  const app = payeeApp(account, order);
  if ('problem' in app) return notSent(`POST ${target}`, app.problem);
  const receivers: WireObject[] = [];
  for (const part of order.parts) {
    const secret = part.kind === 'person' && part.name !== undefined;
    const name = secret ? sealer?.encrypt(part.name ?? '') : undefined;
    if (secret && name === undefined) {
      return notSent(`POST ${target}`, 'A receiver’s name cannot be encrypted.');
    }
    receivers.push({
      type: typeOf(part, app),
      [platform ? 'receiver_account' : 'account']: part.account,
      ...(name === undefined ? {} : { [platform ? 'receiver_name' : 'name']: name }),
      amount: fenNumber(part.amount),
      description: describe(part.description, order.split_reference),
    });
  }
  return {
    method: 'POST',
    target,
    operation: target,
    ...(sealer === undefined ? {} : { serial: sealer.serial }),
    body: {
      ...sellerOf(account, order),
      ...app,
      transaction_id: order.wallet_transaction_id,
      out_order_no: order.split_reference,
      receivers,
      [platform ? 'finish' : 'unfreeze_unsplit']: order.release_rest,
    },
  };
}

export function needsSealer({ parts }: SplitOrder): boolean {
  return parts.some(({ kind, name }) => kind === 'person' && name !== undefined);
}

export function releaseCall(
  account: MerchantAccount,
  order: OfPayment & { readonly split_reference: string; readonly description: string },
): Call {
  const platform = account.role === 'platform';
  const target = platform ? `${PLATFORM}/finish-order` : `${ORDINARY}/orders/unfreeze`;
  return {
    method: 'POST',
    target,
    operation: target,
    body: {
      ...sellerOf(account, order),
      transaction_id: order.wallet_transaction_id,
      out_order_no: order.split_reference,
      description: describe(order.description, order.split_reference),
    },
  };
}

export function querySplitCall(
  account: MerchantAccount,
  split: OfPayment & { readonly split_reference: string },
): Call {
  const { split_reference, wallet_transaction_id: transaction_id } = split;
  const seller = sellerOf(account, split);
  if (account.role === 'platform') {
    const query = new URLSearchParams({
      ...seller,
      transaction_id,
      out_order_no: split_reference,
    });
    const operation = `${PLATFORM}/orders`;
    return { method: 'GET', target: `${operation}?${query}`, operation };
  }
  const query = new URLSearchParams({ transaction_id, ...seller });
  return {
    method: 'GET',
    target: `${ORDINARY}/orders/${encodeURIComponent(split_reference)}?${query}`,
    operation: `${ORDINARY}/orders/{out_order_no}`,
  };
}

export function returnCall(account: MerchantAccount, order: SplitReturn): Call {
  const target =
    account.role === 'platform' ? `${PLATFORM}/returnorders` : `${ORDINARY}/return-orders`;
  return {
    method: 'POST',
    target,
    operation: target,
    body: {
      ...sellerOf(account, order),
      out_order_no: order.split_reference,
      out_return_no: order.return_reference,
      return_mchid: order.receiver.account,
      amount: fenNumber(order.amount),
      description: describe(order.description, order.return_reference),
    },
  };
}

export function queryReturnCall(account: MerchantAccount, order: SplitReturn): Call {
  const seller = sellerOf(account, order);
  const { split_reference: out_order_no, return_reference: out_return_no } = order;
  if (account.role === 'platform') {
    const query = new URLSearchParams({ ...seller, out_order_no, out_return_no });
    const operation = `${PLATFORM}/returnorders`;
    return { method: 'GET', target: `${operation}?${query}`, operation };
  }
  const query = new URLSearchParams({ out_order_no, ...seller });
  return {
    method: 'GET',
    target: `${ORDINARY}/return-orders/${encodeURIComponent(out_return_no)}?${query}`,
    operation: `${ORDINARY}/return-orders/{out_return_no}`,
  };
}

export function unsplitCall(account: MerchantAccount, payment: OfPayment): Call {
  const base = account.role === 'platform' ? `${PLATFORM}/orders` : `${ORDINARY}/transactions`;
  const id = encodeURIComponent(payment.wallet_transaction_id);
  return {
    method: 'GET',
    target: `${base}/${id}/amounts`,
    operation: `${base}/{transaction_id}/amounts`,
  };
}

/** The seller's number, where the account is not the seller itself. */
function sellerOf(account: MerchantAccount, { sub_merchant }: { sub_merchant?: string }) {
  const seller: { sub_mchid?: string } = {};
  if (account.role !== 'direct' && sub_merchant !== undefined) seller.sub_mchid = sub_merchant;
  return seller;
}

function describe(text: string, otherwise: string): string {
  return walletText(text, MAX_DESCRIPTION) || otherwise;
}
