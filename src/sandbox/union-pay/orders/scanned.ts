import { BIZ, PAY, PAYER_CODE } from '../../../protocols/union-pay/transactions.ts';
import {
  addressOf,
  amountOf,
  type Call,
  currencyOf,
  matching,
  newTradeName,
  oneOf,
  optional,
  WireRefusal,
} from '../api/call.ts';
import type { Fields } from '../api/route.ts';
import { balanceOf, now, type Payment, savePayment, tradeNamed, type UnionPay } from '../books.ts';
import { newSecret } from '../numbers.ts';
import { descriptionOf } from './create.ts';
import { booking, failOrder, payOrder } from './settle.ts';

/**
 * The shop scans the code on the payer's phone: accepted at once, decided a moment later. Above
 * 1,000 yuan the payer enters the password first. The answer 00 never means paid.
 */
const NO_PASSWORD_BELOW = 100_000n;
const PROMPT_MS = 5 * 60_000;

export function chargeCode(call: Call): Fields {
  const { union, message } = call;
  oneOf(call, 'bizType', [BIZ.none]);
  currencyOf(call);
  const name = newTradeName(call);
  if (tradeNamed(union, name)) throw new WireRefusal('12', 'orderId and txnTime were used before');
  const amount = amountOf(call);
  const code = matching(call, 'qrNo', PAYER_CODE);
  const term_id = optional(call, 'termId', 8);
  const back_url = addressOf(call, 'backUrl');
  const person = takeCode(union, code);
  const at = now(union);
  const payment: Payment = {
    ...name,
    product: 'scanned',
    txn_sub_type: PAY.scanned,
    biz_type: message.get('bizType') ?? '',
    amount,
    back_url,
    front_url: null,
    description: descriptionOf(message),
    req_reserved: optional(call, 'reqReserved', 1024),
    term_id,
    token: newSecret(union.options.random),
    placed_at: at,
    expires_at: at + PROMPT_MS,
    state: 'processing',
    resp_code: '05',
    record: booking(union),
    payer: person,
    prompt_until: null,
    fee: 0n,
    fee_returned: 0n,
    refunded: 0n,
    undone: false,
  };
  savePayment(union, payment);
  decide(union, payment, person);
  return { queryId: payment.record?.query_id, txnAmt: amount.toString() };
}

/** Each code is good for one charge, whatever becomes of it. */
function takeCode(union: UnionPay, code: string): string {
  const known = union.payer_codes.get(code);
  if (!known) throw new WireRefusal('88', 'nobody shows this code');
  if (known.used || now(union) >= known.expires_at) {
    throw new WireRefusal('86', 'the code was used or its minute is over');
  }
  known.used = true;
  union.payer_codes.put(code, known);
  return known.person;
}

function decide(union: UnionPay, payment: Payment, person: string): void {
  const { faults } = union.options;
  const { amount } = payment;
  if (balanceOf(union, person) < amount || faults.strikes('payer_short', { amount })) {
    failOrder(union, payment, '64');
  } else if (amount >= NO_PASSWORD_BELOW || faults.strikes('password_asked', { amount })) {
    payment.prompt_until = now(union) + PROMPT_MS;
    savePayment(union, payment);
  } else payOrder(union, payment, person);
}
