import type { V2Parameters } from '../../../protocols/wechat-pay/v2.ts';
import type { ChargeOrder, ChargeOutcome, ReverseOutcome } from '../../products/payer-codes.ts';
import type { PaymentFact } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import type { Client } from '../client.ts';
import { notSent, refusalCode, toOutcome, unreadable } from '../refusals.ts';
import type { Party } from './party.ts';
import { type OrderName, walletText } from './payments.ts';
import { callV2 } from './v2-call.ts';

/**
 * Charge and reversal in the second version, for merchants whose payer codes are not opened for the
 * third. Both make the same orders: queries and refunds go the usual way.
 * https://pay.weixin.qq.com/doc/v2/merchant/4011937125
 */
const MICROPAY = '/pay/micropay';
const REVERSE = '/secapi/pay/reverse';
const MAX_BODY = 128;

export async function chargeV2(
  client: Client,
  account: MerchantAccount,
  { order, party }: { order: ChargeOrder; party: Party },
): Promise<ChargeOutcome> {
  const problem = unready(account, MICROPAY);
  if (problem !== undefined) return notSent(`POST ${MICROPAY}`, problem);
  const result = await callV2(client, account, {
    path: MICROPAY,
    parameters: {
      ...idsOf(party),
      body: walletText(order.description, MAX_BODY) || order.wallet_reference,
      out_trade_no: order.wallet_reference,
      total_fee: order.amount.toString(),
      fee_type: order.currency,
      spbill_create_ip: order.client_ip,
      device_info: walletText(order.device, 32),
      auth_code: order.payer_code,
      ...(order.hold === true ? { profit_sharing: 'Y' } : {}),
    },
  });
  if (result.kind === 'error' && result.code === 'USERPAYING') {
    return { kind: 'needs_payer', trace: result.trace };
  }
  if (result.kind !== 'answer') return toOutcome(result);
  const fact = factOf(result.fields);
  if (!fact) return unreadable(result.trace, 'fields of the payment are missing');
  const same =
    fact.wallet_reference === order.wallet_reference && fact.sub_merchant === party.sub_merchant;
  if (!same) return unreadable(result.trace, 'it is about another order');
  return { kind: 'fact', fact, trace: result.trace };
}

/** Who funded a coupon is not told here: a query of the order tells it. */
function factOf(fields: V2Parameters): PaymentFact | undefined {
  const { out_trade_no, transaction_id, mch_id, sub_mch_id, openid, time_end = '' } = fields;
  const amount = fen(fields.total_fee);
  const payer_paid = fen(fields.cash_fee);
  if (!out_trade_no || !transaction_id || !mch_id || amount === undefined) return undefined;
  return {
    wallet_reference: out_trade_no,
    wallet_transaction_id: transaction_id,
    wallet_merchant: mch_id,
    state: 'paid',
    amount,
    currency: fields.fee_type ?? 'CNY',
    ...(payer_paid === undefined ? {} : { payer_paid }),
    ...(sub_mch_id === undefined ? {} : { sub_merchant: sub_mch_id }),
    ...(openid === undefined ? {} : { payer: openid }),
    ...paidAt(time_end),
  };
}

function fen(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? BigInt(text) : undefined;
}

/** `20261121123456` in Asia/Shanghai. */
function paidAt(text: string): { paid_at?: Date } {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (!parts) return {};
  const [, year, month, day, hour, minute, second] = parts;
  const paid_at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`);
  return Number.isNaN(paid_at.getTime()) ? {} : { paid_at };
}

/** `recall` Y asks for the same reversal once more. */
export async function reverseV2(
  client: Client,
  account: MerchantAccount,
  { order, party }: { order: OrderName; party: Party },
): Promise<ReverseOutcome> {
  const problem = unready(account, REVERSE);
  if (problem !== undefined) return notSent(`POST ${REVERSE}`, problem);
  const parameters = { ...idsOf(party), out_trade_no: order.wallet_reference };
  const result = await callV2(client, account, { path: REVERSE, parameters });
  const { trace } = result;
  if (result.kind === 'answer') {
    if (result.fields.recall === 'Y') return { kind: 'again', trace };
    return { kind: 'reversed', money_returned: false, trace };
  }
  if (result.kind === 'error') {
    if (result.code === 'USERPAYING') return { kind: 'again', trace };
    if (refusalCode(result) === 'not_found') return { kind: 'not_found', trace };
  }
  return toOutcome(result);
}

function idsOf({ appid, sub_merchant }: Party): V2Parameters {
  return { appid, ...(sub_merchant === undefined ? {} : { sub_mch_id: sub_merchant }) };
}

function unready(account: MerchantAccount, path: string): string | undefined {
  if (account.api_v2_key === undefined) return 'Payer codes by v2 need credentials.api_v2_key.';
  const secured = path === REVERSE && account.endpoint.startsWith('https:');
  if (secured && account.certificate === undefined) {
    return 'A reversal by v2 needs credentials.certificate, which the connection shows.';
  }
  return undefined;
}
