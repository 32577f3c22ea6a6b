import { fenNumber, textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type {
  ChargeOrder,
  ChargeOutcome,
  PayerCodes,
  ReverseOutcome,
} from '../../products/payer-codes.ts';
import type { QueryOutcome } from '../../wallet.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { type Client, callWallet } from '../client.ts';
import { paymentFact } from '../facts.ts';
import { notSent, refusalCode, toOutcome, unreadable } from '../refusals.ts';
import { type Party, partyOf } from './party.ts';
import { chargeV2, reverseV2 } from './payer-codes-v2.ts';
import { type OrderName, queryPayment, walletText } from './payments.ts';

/**
 * Payer codes, in the third version of the API or, by `settings.payer_codes`, the second. No
 * notification ever tells of these payments. The way to certainty: charge; while `needs_payer` or
 * `unknown`, query every five to ten seconds for at least thirty; still undecided, reverse until
 * it is done (at least 15 seconds after the charge, at most 7 days). A charge is never sent again
 * under another number.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012382150
 */
const MAX_DESCRIPTION = 127;
const CODE = /^1[0-5]\d{16}$/;
/** The number has had its end before: what that was, a query tells. */
const ENDED = new Set(['already_paid', 'already_closed']);
/** The wallet is still busy with the payment and asks for the same reversal again. */
const AGAIN = new Set(['USERPAYING', 'TRADE_ERROR', 'BIZ_ERR_NEED_RETRY', 'FREQUENCY_LIMITED']);

export function payerCodes(client: Client): PayerCodes {
  return {
    matches: (payer_code) => CODE.test(payer_code),
    charge: (account, order) => charge(client, openAccount(account), order),
    reverse: (account, order) => reverse(client, openAccount(account), order),
  };
}

async function charge(
  client: Client,
  account: MerchantAccount,
  order: ChargeOrder,
): Promise<ChargeOutcome> {
  const party = partyOf(account, order.sub_merchant, order.app);
  if ('problem' in party) return notSent('POST /v3/pay/transactions/codepay', party.problem);
  const outcome =
    account.payer_codes === 'v2'
      ? await chargeV2(client, account, { order, party })
      : await chargeV3(client, account, { order, party });
  const ended = outcome.kind === 'refused' && ENDED.has(outcome.code);
  return ended ? howItEnded(await queryPayment(client, account, order)) : outcome;
}

function howItEnded(asked: QueryOutcome): ChargeOutcome {
  if (asked.kind !== 'not_found') return asked;
  return { kind: 'unknown', cause: 'the number is taken and not found', trace: asked.trace };
}

async function chargeV3(
  client: Client,
  account: MerchantAccount,
  { order, party }: { order: ChargeOrder; party: Party },
): Promise<ChargeOutcome> {
  const operation = `${party.root}/codepay`;
  const result = await callWallet(client, account, {
    method: 'POST',
    target: operation,
    operation,
    body: chargeBody(party, order),
  });
  if (result.kind === 'error' && result.code === 'USERPAYING') {
    return { kind: 'needs_payer', trace: result.trace };
  }
  if (result.kind !== 'answer') return toOutcome(result);
  const { content, trace } = result;
  if (result.status === 202 || textField(content, 'code') === 'USERPAYING') {
    return { kind: 'needs_payer', trace };
  }
  const fact = paymentFact(content);
  if (!fact) return unreadable(trace, 'fields of the order are missing');
  const same =
    fact.wallet_reference === order.wallet_reference &&
    fact.wallet_merchant === account.mchid &&
    fact.sub_merchant === party.sub_merchant;
  if (!same) return unreadable(trace, 'it is about another order');
  return fact.state === 'waiting' ? { kind: 'needs_payer', trace } : { kind: 'fact', fact, trace };
}

function chargeBody(party: Party, order: ChargeOrder): WireObject {
  const device = walletText(order.device, 32);
  return {
    ...party.ids,
    description: walletText(order.description, MAX_DESCRIPTION) || order.wallet_reference,
    out_trade_no: order.wallet_reference,
    payer: { auth_code: order.payer_code },
    amount: { total: fenNumber(order.amount), currency: order.currency },
    scene_info: {
      device_ip: order.client_ip,
      ...(device === '' ? {} : { device_id: device }),
      store_info: device === '' ? {} : { out_id: device },
    },
    ...(order.hold === true ? { settle_info: { profit_sharing: true } } : {}),
  };
}

async function reverse(
  client: Client,
  account: MerchantAccount,
  order: OrderName & Pick<ChargeOrder, 'app'>,
): Promise<ReverseOutcome> {
  const party = partyOf(account, order.sub_merchant, order.app);
  if ('problem' in party) return notSent('POST /v3/pay/transactions', party.problem);
  const outcome =
    account.payer_codes === 'v2'
      ? await reverseV2(client, account, { order, party })
      : await reverseV3(client, account, { order, party });
  return outcome.kind === 'reversed' ? withMoney(client, account, { order, outcome }) : outcome;
}

async function reverseV3(
  client: Client,
  account: MerchantAccount,
  { order, party }: { order: OrderName; party: Party },
): Promise<ReverseOutcome> {
  const path = `${party.root}/out-trade-no`;
  const result = await callWallet(client, account, {
    method: 'POST',
    target: `${path}/${encodeURIComponent(order.wallet_reference)}/reverse`,
    operation: `${path}/{out_trade_no}/reverse`,
    body: party.ids,
  });
  const { trace } = result;
  if (result.kind === 'answer') return { kind: 'reversed', money_returned: false, trace };
  if (result.kind === 'error') {
    if (AGAIN.has(result.code)) return { kind: 'again', trace };
    if (refusalCode(result) === 'not_found') return { kind: 'not_found', trace };
  }
  return toOutcome(result);
}

/**
 * The answer to a reversal does not say whether anything had been paid; the order does. Until it
 * does, the reversal is to be asked for again, which changes nothing at the wallet.
 */
async function withMoney(
  client: Client,
  account: MerchantAccount,
  done: { order: OrderName; outcome: Extract<ReverseOutcome, { kind: 'reversed' }> },
): Promise<ReverseOutcome> {
  const { trace } = done.outcome;
  const asked = await queryPayment(client, account, done.order);
  if (asked.kind !== 'fact' || asked.fact.state !== 'closed') return { kind: 'again', trace };
  const money_returned = asked.fact.wallet_transaction_id !== undefined;
  return { kind: 'reversed', money_returned, trace };
}
