import {
  fenField,
  fenNumber,
  textField,
  timeField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import type {
  Subsidies,
  Subsidy,
  SubsidyCancelOutcome,
  SubsidyFact,
  SubsidyOutcome,
  SubsidyReturn,
  SubsidyReturnFact,
  SubsidyReturnOutcome,
} from '../../products/subsidies.ts';
import type { Refused } from '../../wallet.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { tell } from '../ask.ts';
import type { Client } from '../client.ts';
import { walletText } from '../orders/payments.ts';
import { notSent } from '../refusals.ts';
import { SUBSIDIES } from './calls.ts';

/**
 * A platform's money for its seller's payment (补差): after the payment, before the split.
 * https://pay.weixin.qq.com/wiki/doc/apiv3/wxpay/ecommerce/subsidies/chapter3_1.shtml
 */
const MAX_DESCRIPTION = 80;
/** 5,000 yuan a payment, as an order announces it. */
const MAX_AMOUNT = 500_000n;

export function subsidies(client: Client): Subsidies {
  return {
    max_amount: MAX_AMOUNT,
    create: (account, subsidy) => create(client, openAccount(account), subsidy),
    giveBack: (account, order) => giveBack(client, openAccount(account), order),
    cancel: (account, subsidy) => cancel(client, openAccount(account), subsidy),
  };
}

type Named = Omit<Subsidy, 'amount'>;

/** Only a platform has subsidies; nobody else is told by the wallet in such clear words. */
function onlyPlatforms({ role }: MerchantAccount, target: string): Refused | undefined {
  if (role === 'platform') return undefined;
  return notSent(`POST ${target}`, 'Only a platform’s account gives subsidies.');
}

function bodyOf(subsidy: Named): WireObject {
  return {
    sub_mchid: subsidy.sub_merchant,
    transaction_id: subsidy.wallet_transaction_id,
    description: walletText(subsidy.description, MAX_DESCRIPTION) || subsidy.wallet_transaction_id,
  };
}

function isAbout(content: WireObject, subsidy: Named): boolean {
  return (
    textField(content, 'transaction_id') === subsidy.wallet_transaction_id &&
    textField(content, 'sub_mchid') === subsidy.sub_merchant
  );
}

const RESULTS: ReadonlyMap<string, SubsidyFact['state']> = new Map([
  ['SUCCESS', 'succeeded'],
  ['FAIL', 'refused'],
  ['REFUND', 'returned'],
]);

async function create(
  client: Client,
  account: MerchantAccount,
  subsidy: Subsidy,
): Promise<SubsidyOutcome> {
  const target = `${SUBSIDIES}/create`;
  const refused = onlyPlatforms(account, target);
  if (refused) return refused;
  const body = { ...bodyOf(subsidy), amount: fenNumber(subsidy.amount) };
  return tell(client, account, {
    call: { method: 'POST', target, operation: target, body },
    read: (content) => readSubsidy(content, subsidy),
  });
}

function readSubsidy(content: WireObject, subsidy: Subsidy): SubsidyFact | string {
  const state = RESULTS.get(textField(content, 'result') ?? '');
  const wallet_subsidy_id = textField(content, 'subsidy_id');
  const given_at = timeField(content, 'success_time');
  if (!state || !wallet_subsidy_id) return 'fields of the subsidy are missing';
  // Newer answers may leave the amount out: it is the one that was asked for.
  const amount = fenField(content, 'amount') ?? subsidy.amount;
  if (!isAbout(content, subsidy) || amount !== subsidy.amount) return 'it is about another subsidy';
  const { wallet_transaction_id } = subsidy;
  return {
    wallet_transaction_id,
    state,
    wallet_subsidy_id,
    amount,
    ...(given_at === undefined ? {} : { given_at }),
  };
}

async function giveBack(
  client: Client,
  account: MerchantAccount,
  order: SubsidyReturn,
): Promise<SubsidyReturnOutcome> {
  const target = `${SUBSIDIES}/return`;
  const refused = onlyPlatforms(account, target);
  if (refused) return refused;
  const body = {
    ...bodyOf(order),
    out_order_no: order.return_reference,
    refund_id: order.wallet_refund_id,
    amount: fenNumber(order.amount),
  };
  return tell(client, account, {
    call: { method: 'POST', target, operation: target, body },
    read: (content) => readReturn(content, order),
  });
}

function readReturn(content: WireObject, order: SubsidyReturn): SubsidyReturnFact | string {
  const state = RESULTS.get(textField(content, 'result') ?? '');
  const wallet_return_id = textField(content, 'subsidy_refund_id');
  const returned_at = timeField(content, 'success_time');
  if (!wallet_return_id || !state || state === 'returned') {
    return 'fields of the return are missing';
  }
  const { return_reference, amount } = order;
  const same =
    isAbout(content, order) &&
    textField(content, 'out_order_no') === return_reference &&
    textField(content, 'refund_id') === order.wallet_refund_id &&
    fenField(content, 'amount') === amount;
  if (!same) return 'it is about another return';
  return {
    return_reference,
    state,
    wallet_return_id,
    amount,
    ...(returned_at === undefined ? {} : { returned_at }),
  };
}

async function cancel(
  client: Client,
  account: MerchantAccount,
  subsidy: Named,
): Promise<SubsidyCancelOutcome> {
  const target = `${SUBSIDIES}/cancel`;
  const refused = onlyPlatforms(account, target);
  if (refused) return refused;
  const outcome = await tell(client, account, {
    call: { method: 'POST', target, operation: target, body: bodyOf(subsidy) },
    read: (content) => {
      if (!isAbout(content, subsidy)) return 'it is about another payment';
      return textField(content, 'result') === 'SUCCESS' ? {} : 'it was not cancelled';
    },
  });
  return outcome.kind === 'fact' ? { kind: 'cancelled', trace: outcome.trace } : outcome;
}
