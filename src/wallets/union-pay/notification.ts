import { isWalletReference } from '../../ids.ts';
import { isSuccess } from '../../protocols/union-pay/codes.ts';
import { decodeForm, type Message, withoutEmpty } from '../../protocols/union-pay/message.ts';
import { TXN } from '../../protocols/union-pay/transactions.ts';
import type {
  NotificationAnswer,
  NotificationFact,
  RawNotification,
  VerifiedNotification,
} from '../notification.ts';
import type { UnionPayAccount } from './account.ts';
import { paymentFact, refundFact } from './facts.ts';
import { masked } from './mask.ts';
import { isAbout } from './numbers.ts';

/**
 * Notices: a signed form. They carry no time against replay: a repeated one says the same fact in
 * the same state and is dropped by those.
 * https://open.unionpay.com/ajweb/help/faq/list?id=77
 */
const MAX_BODY_BYTES = 65_536;

type RefusedNotification = Extract<VerifiedNotification, { kind: 'refused' }>;

function refused(reason: RefusedNotification['reason'], message: string): RefusedNotification {
  return { kind: 'refused', reason, message };
}

/**
 * A trade under a number of ours, but of another time than ours has, is none of ours: it gets a
 * name that nobody has, so its money is kept and looked into.
 */
function nameOf(message: Message): string {
  const orderId = message.get('orderId') ?? '';
  const txnTime = message.get('txnTime');
  const ours = !isWalletReference(orderId) || isAbout(orderId, { orderId, txnTime });
  return ours ? orderId : `${orderId}/${txnTime ?? ''}`;
}

function contentOf(message: Message): NotificationFact | undefined {
  const code = message.get('respCode') ?? '';
  const txnType = message.get('txnType') ?? '';
  if (txnType === TXN.pay) {
    const fact = paymentFact(message, code);
    return fact && { about: 'payment', fact: { ...fact, wallet_reference: nameOf(message) } };
  }
  if (txnType !== TXN.refund) return { about: 'other', type: txnType };
  const wallet_reference = message.get('reqReserved') ?? '';
  if (!isWalletReference(wallet_reference)) return undefined;
  const fact = refundFact(message, code, wallet_reference);
  return fact && { about: 'refund', fact };
}

export function verifyNotification(
  account: UnionPayAccount,
  raw: RawNotification,
): VerifiedNotification {
  if (raw.body.length > MAX_BODY_BYTES) return refused('malformed', 'the body is too large');
  const form = decodeForm(raw.body.toString('utf8'));
  if (!form) return refused('malformed', 'the body is no form of single fields');
  const message = withoutEmpty(form);
  const belief = account.signers.judge(message, raw.received_at);
  if (!belief.ok) return refused(belief.reason, belief.message);
  if (message.get('merId') !== account.mer_id) {
    return refused('wrong_account', 'merId is not the one of this account');
  }
  const content = contentOf(message);
  const fact_id = message.get('queryId') ?? '';
  if (!content || fact_id === '') {
    return refused('malformed', 'a field that the notice cannot do without is missing');
  }
  const code = message.get('respCode') ?? '';
  const fact_state = `${message.get('txnType') ?? ''} ${isSuccess(code) ? 'ok' : code}`;
  return { kind: 'verified', fact_id, fact_state, content, masked: masked(message) };
}

/** Any 200 ends the tries; the body is for people. */
export function answerNotification(accepted: boolean): NotificationAnswer {
  return {
    status: accepted ? 200 : 400,
    content_type: 'text/plain; charset=utf-8',
    body: accepted ? 'ok' : 'fail',
  };
}
