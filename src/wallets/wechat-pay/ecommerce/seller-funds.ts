import {
  fenField,
  fenNumber,
  textField,
  timeField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import type {
  BalanceOutcome,
  SellerFunds,
  Withdrawal,
  WithdrawalFact,
  WithdrawalOutcome,
} from '../../products/seller-funds.ts';
import type { Refused } from '../../wallet.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { ask, tell } from '../ask.ts';
import type { Client } from '../client.ts';
import { walletText } from '../orders/payments.ts';
import { notSent } from '../refusals.ts';
import { OWN_FUNDS, SELLER_FUNDS } from './calls.ts';

/**
 * Balances and withdrawals of a platform's sellers, and of the platform itself: two families of
 * calls for one thing. Always of the basic account, where payments and splits arrive.
 * https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/ecommerce/fund/chapter3_2.shtml
 */
const MAX_REMARK = 56;
const BASIC = 'BASIC';

export function sellerFunds(client: Client): SellerFunds {
  return {
    balance: (account, sub_merchant) => balance(client, openAccount(account), sub_merchant),
    withdraw: (account, order) => withdraw(client, openAccount(account), order),
    queryWithdrawal: (account, order) => queryWithdrawal(client, openAccount(account), order),
  };
}

/** The call is a platform's; an ordinary merchant has its money sent by itself. */
function onlyPlatforms({ role }: MerchantAccount, operation: string): Refused | undefined {
  if (role === 'platform') return undefined;
  return notSent(operation, 'Only a platform’s account sees and sends its sellers’ money.');
}

async function balance(
  client: Client,
  account: MerchantAccount,
  sub_merchant: string | undefined,
): Promise<BalanceOutcome> {
  const own = sub_merchant === undefined;
  const path = `${own ? OWN_FUNDS : SELLER_FUNDS}/balance`;
  const operation = `${path}/{${own ? 'account_type' : 'sub_mchid'}}`;
  // Every merchant may ask for its own.
  const refused = own ? undefined : onlyPlatforms(account, `GET ${operation}`);
  if (refused) return refused;
  const seller = encodeURIComponent(sub_merchant ?? '');
  const target = own ? `${path}/${BASIC}` : `${path}/${seller}?account_type=${BASIC}`;
  const outcome = await tell(client, account, {
    call: { method: 'GET', target, operation },
    read: (content) => {
      const available = fenField(content, 'available_amount');
      const pending = fenField(content, 'pending_amount') ?? 0n;
      if (available === undefined) return 'no amount';
      if (!own && textField(content, 'sub_mchid') !== sub_merchant) return 'it is another seller’s';
      return { available, pending };
    },
  });
  if (outcome.kind !== 'fact') return outcome;
  return { kind: 'balance', balance: outcome.fact, trace: outcome.trace };
}

async function withdraw(
  client: Client,
  account: MerchantAccount,
  order: Withdrawal,
): Promise<WithdrawalOutcome> {
  const { sub_merchant, withdrawal_reference, amount } = order;
  const target = `${sub_merchant === undefined ? OWN_FUNDS : SELLER_FUNDS}/withdraw`;
  const refused = onlyPlatforms(account, `POST ${target}`);
  if (refused) return refused;
  const remark = walletText(order.description, MAX_REMARK);
  const body = {
    ...(sub_merchant === undefined ? {} : { sub_mchid: sub_merchant }),
    out_request_no: withdrawal_reference,
    amount: fenNumber(amount),
    ...(remark === '' ? {} : { remark }),
    account_type: BASIC,
    notify_url: order.notify_url,
  };
  return tell<WithdrawalFact>(client, account, {
    call: { method: 'POST', target, operation: target, body },
    read: (content) => {
      const wallet_withdrawal_id = textField(content, 'withdraw_id');
      if (!wallet_withdrawal_id) return 'no withdraw_id';
      const same =
        textField(content, 'out_request_no') === withdrawal_reference &&
        textField(content, 'sub_mchid') === sub_merchant;
      if (!same) return 'it is about another withdrawal';
      return {
        withdrawal_reference,
        state: 'pending',
        wallet_withdrawal_id,
        wallet_merchant: account.mchid,
        ...(sub_merchant === undefined ? {} : { sub_merchant }),
        amount,
      };
    },
  });
}

async function queryWithdrawal(
  client: Client,
  account: MerchantAccount,
  asked: Pick<Withdrawal, 'withdrawal_reference' | 'sub_merchant'>,
): Promise<WithdrawalOutcome> {
  const { sub_merchant, withdrawal_reference } = asked;
  const path = `${sub_merchant === undefined ? OWN_FUNDS : SELLER_FUNDS}/withdraw/out-request-no`;
  const operation = `${path}/{out_request_no}`;
  const refused = onlyPlatforms(account, `GET ${operation}`);
  if (refused) return refused;
  const query =
    sub_merchant === undefined ? '' : `?${new URLSearchParams({ sub_mchid: sub_merchant })}`;
  const target = `${path}/${encodeURIComponent(withdrawal_reference)}${query}`;
  return ask(client, account, {
    call: { method: 'GET', target, operation },
    read: (content) => {
      const fact = withdrawalFact(content, account.mchid);
      if (!fact) return 'fields of the withdrawal are missing';
      const same =
        fact.withdrawal_reference === withdrawal_reference && fact.sub_merchant === sub_merchant;
      return same ? fact : 'it is about another withdrawal';
    },
  });
}

const STATES: ReadonlyMap<string, WithdrawalFact['state']> = new Map([
  ['INIT', 'pending'],
  ['CREATE_SUCCESS', 'pending'],
  ['SUCCESS', 'succeeded'],
  ['FAIL', 'refused'],
  ['CLOSE', 'refused'],
  ['REFUND', 'returned'],
]);

/**
 * Answers of both families and the notice. A platform's own names no merchant.
 */
export function withdrawalFact(content: WireObject, mchid: string): WithdrawalFact | undefined {
  const withdrawal_reference = textField(content, 'out_request_no');
  const wallet_withdrawal_id = textField(content, 'withdraw_id');
  const state = STATES.get(textField(content, 'status') ?? '');
  const amount = fenField(content, 'amount');
  if (!withdrawal_reference || !wallet_withdrawal_id || !state || amount === undefined) {
    return undefined;
  }
  const sub_merchant = textField(content, 'sub_mchid');
  const changed_at = timeField(content, 'update_time');
  const reason = textField(content, 'reason');
  const failed = state === 'refused' || state === 'returned';
  return {
    withdrawal_reference,
    state,
    wallet_withdrawal_id,
    wallet_merchant: textField(content, 'sp_mchid') ?? mchid,
    ...(sub_merchant === undefined ? {} : { sub_merchant }),
    amount,
    ...(changed_at === undefined ? {} : { changed_at }),
    ...(failed && reason !== undefined ? { reason } : {}),
  };
}
