import { BIZ, CNY, PAYER_CODE } from '../../../protocols/union-pay/transactions.ts';
import type {
  ChargeOrder,
  ChargeOutcome,
  PayerCodes,
  ReverseOutcome,
} from '../../products/payer-codes.ts';
import type { Refused } from '../../wallet.ts';
import { openAccount, type UnionPayAccount } from '../account.ts';
import type { Client } from '../client.ts';
import { tradeName } from '../numbers.ts';
import { REVERSE } from '../refunds/calls.ts';
import { notBegun, refusedBy, undecided } from '../refusals.ts';
import { CHARGE } from './calls.ts';
import { descriptionOf, isMine, queryPayment } from './payments.ts';

/**
 * Codes on the payer's phone, `62` and 17 digits, of UnionPay's own app and the banks'. The answer
 * to a charge says "accepted" only, so the wallet is asked at once what came of it.
 */
export function payerCodes(client: Client): PayerCodes {
  return {
    matches: (payer_code) => PAYER_CODE.test(payer_code),
    charge: (account, order) => charge(client, openAccount(account), order),
    reverse: (account, order) => reverse(client, openAccount(account), order.wallet_reference),
  };
}

/** Eight letters and digits that name the scanner. */
function terminalOf(device: string): string {
  return device
    .replace(/[^0-9A-Za-z]/g, '')
    .slice(-8)
    .padStart(8, '0');
}

async function charge(
  client: Client,
  account: UnionPayAccount,
  order: ChargeOrder,
): Promise<ChargeOutcome> {
  const answer = await client.call(account, {
    operation: CHARGE,
    fields: {
      ...tradeName(order.wallet_reference),
      bizType: BIZ.none,
      channelType: '08',
      txnAmt: order.amount.toString(),
      currencyCode: CNY,
      qrNo: order.payer_code,
      termId: terminalOf(order.device),
      backUrl: order.notify_url,
      orderDesc: descriptionOf(order.description),
    },
  });
  if (answer.kind !== 'answered') return notBegun(answer);
  // The same charge again: what became of the first one decides.
  if (answer.code !== '00' && answer.code !== '12') return refusedBy(answer);
  if (!isMine(order.wallet_reference, answer)) {
    return { kind: 'unknown', cause: 'the answer is about another order', trace: answer.trace };
  }
  return decided(client, account, order);
}

async function decided(
  client: Client,
  account: UnionPayAccount,
  order: ChargeOrder,
): Promise<ChargeOutcome> {
  const now = await queryPayment(client, account, order.wallet_reference);
  if (now.kind === 'not_found') {
    return { kind: 'unknown', cause: 'accepted, and not known yet', trace: now.trace };
  }
  if (now.kind === 'refused') return { kind: 'unknown', cause: now.message, trace: now.trace };
  if (now.kind === 'unknown') return now;
  const { fact, trace } = now;
  switch (fact.state) {
    case 'waiting':
      return { kind: 'needs_payer', trace };
    case 'closed':
      return failed(trace);
    case 'paid':
    case 'refunded':
      if (fact.amount === order.amount) return { kind: 'fact', fact, trace };
      // The payer's money has left: it may not be called a refusal.
      return { kind: 'unknown', cause: 'paid under this number with another amount', trace };
    default:
      return fact.state satisfies never;
  }
}

const WHY: Readonly<Record<string, Refused['code']>> = {
  '64': 'insufficient_funds',
  '90': 'insufficient_funds',
};

function failed(trace: Refused['trace']): Refused {
  const said = trace.answer as Readonly<Record<string, string>> | undefined;
  const code = said?.['origRespCode'] ?? '';
  const message = `${code}: ${said?.['origRespMsg'] ?? 'the payment failed'}`.slice(0, 1000);
  return { kind: 'refused', code: WHY[code] ?? 'wallet_error', message, trace };
}

/** Under the charge's own number and time; asking again changes nothing. */
async function reverse(
  client: Client,
  account: UnionPayAccount,
  wallet_reference: string,
): Promise<ReverseOutcome> {
  const before = await queryPayment(client, account, wallet_reference);
  const answer = await client.call(account, {
    operation: REVERSE,
    fields: { ...tradeName(wallet_reference), bizType: BIZ.none, channelType: '08' },
  });
  if (answer.kind === 'unreachable') return undecided(answer);
  if (answer.kind === 'unknown') return { kind: 'again', trace: answer.trace };
  const { trace } = answer;
  if (answer.code === '34') return { kind: 'not_found', trace };
  if (answer.code === '37') return { kind: 'again', trace };
  if (answer.code !== '00') return refusedBy(answer);
  const money_returned = before.kind === 'fact' && before.fact.state === 'paid';
  return { kind: 'reversed', money_returned, trace };
}
