import { BIZ } from '../../../protocols/union-pay/transactions.ts';
import type { RefundOrder, RefundOutcome } from '../../wallet.ts';
import type { UnionPayAccount } from '../account.ts';
import type { Client } from '../client.ts';
import { refundFact } from '../facts.ts';
import { tradeName } from '../numbers.ts';
import { isMine, queryPayment, queryTrade } from '../orders/payments.ts';
import { refusedBy, undecided } from '../refusals.ts';
import { REFUND } from './calls.ts';

/**
 * Refunds are trades of their own, named by their own number and time; 00 says accepted, so the
 * wallet is asked what became of them. The payment's number travels along in `reqReserved`, for
 * notices name only the payment's `queryId`.
 */
type Asked = Pick<RefundOrder, 'refund_reference' | 'wallet_reference'>;

/** The number was used before. */
const REPEATED = '12';
const OVER = { '36': 'over_refund', '45': 'over_refund' } as const;

export async function refund(
  client: Client,
  account: UnionPayAccount,
  order: RefundOrder,
): Promise<RefundOutcome> {
  const original = await originalOf(client, account, order);
  if (typeof original !== 'string') return original;
  const answer = await client.call(account, {
    operation: REFUND,
    fields: {
      ...tradeName(order.refund_reference),
      bizType: BIZ.none,
      channelType: '08',
      origQryId: original,
      txnAmt: order.amount.toString(),
      backUrl: order.notify_url,
      reqReserved: order.wallet_reference,
    },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace } = answer;
  // Asked for before under this number: what became of that decides.
  if (answer.code !== '00' && answer.code !== REPEATED) return refusedBy(answer, OVER);
  if (!isMine(order.refund_reference, answer)) {
    return { kind: 'unknown', cause: 'the answer is about another refund', trace };
  }
  const now = await queryRefund(client, account, order);
  if (now.kind === 'not_found') {
    return { kind: 'unknown', cause: 'accepted, and not known yet', trace: now.trace };
  }
  const other = now.kind === 'fact' && (now.fact.amount ?? order.amount) !== order.amount;
  if (other && answer.code === REPEATED) {
    const message = `refund ${order.refund_reference} was made before with another amount`;
    return { kind: 'refused', code: 'reference_reused', message, trace: now.trace };
  }
  // Taken just now, and told with another amount: the money has left, so that is no refusal.
  return now;
}

/** The wallet's number of the payment: as it was told, or asked for. */
async function originalOf(
  client: Client,
  account: UnionPayAccount,
  order: RefundOrder,
): Promise<string | RefundOutcome> {
  if (order.wallet_transaction_id !== undefined) return order.wallet_transaction_id;
  const asked = await queryPayment(client, account, order.wallet_reference);
  if (asked.kind === 'unknown' || asked.kind === 'refused') return asked;
  const found = asked.kind === 'fact' ? asked.fact.wallet_transaction_id : undefined;
  if (found !== undefined) return found;
  const message = 'the payment was not paid';
  return { kind: 'refused', code: 'not_permitted', message, trace: asked.trace };
}

export async function queryRefund(
  client: Client,
  account: UnionPayAccount,
  asked: Asked,
): Promise<RefundOutcome> {
  const answer = await queryTrade(client, account, asked.refund_reference);
  if (answer.kind !== 'answered') return undecided(answer);
  const { message, trace } = answer;
  if (answer.code === '34') return { kind: 'not_found', trace };
  if (answer.code !== '00') return refusedBy(answer);
  const carried = message.get('reqReserved') ?? asked.wallet_reference;
  const code = message.get('origRespCode') ?? '';
  const fact = code === '' ? undefined : refundFact(message, code, asked.wallet_reference);
  if (!fact || carried !== asked.wallet_reference || !isMine(asked.refund_reference, answer)) {
    return { kind: 'unknown', cause: 'the answer is malformed or about another trade', trace };
  }
  return { kind: 'fact', fact, trace };
}
