import { ACKNOWLEDGED } from '../../protocols/alipay/notification.ts';
import type { Parameters } from '../../protocols/alipay/parameters.ts';
import { parseObject } from '../../protocols/alipay/response.ts';
import { parseStamp } from '../../protocols/alipay/trade.ts';
import { TRANSFER_MESSAGE } from '../../protocols/alipay/transfers.ts';
import type {
  NotificationAnswer,
  NotificationFact,
  RawNotification,
  VerifiedNotification,
} from '../notification.ts';
import type { RefundFact } from '../wallet.ts';
import type { AlipayAccount } from './account.ts';
import { decisionFact } from './direct/onboarding.ts';
import { type Fields, paymentFact } from './facts.ts';
import type { Gateway } from './gateway.ts';
import { masked } from './mask.ts';
import { payoutFact } from './payouts/payouts.ts';
import { splitFact } from './royalty/facts.ts';
import { openLetter } from './trust/genuine.ts';

/**
 * Notifications are verified over the raw set, decoded once and never again. They carry no stamp
 * against replay: a repeated one says the same fact in the same state and is dropped by those.
 * https://opendocs.alipay.com/open/204/105301
 */
const MAX_BODY_BYTES = 65_536;

type RefusedNotification = Extract<VerifiedNotification, { kind: 'refused' }>;

function refused(reason: RefusedNotification['reason'], message: string): RefusedNotification {
  return { kind: 'refused', reason, message };
}

function wrongAccount(account: AlipayAccount, fields: Parameters): string | undefined {
  if (fields.get('app_id') !== account.app_id) return 'app_id is not the one of this account';
  // The message channel belongs to an application; its messages name no merchant.
  if (fields.has('msg_method')) return undefined;
  if (fields.get('seller_id') !== account.seller_id)
    return 'seller_id is not the one of this account';
  return undefined;
}

/** A refund is told as a trade with the refund's own number beside it. */
function refundFact(account: AlipayAccount, fields: Parameters): RefundFact | undefined {
  const refund_reference = fields.get('out_biz_no');
  const wallet_reference = fields.get('out_trade_no');
  if (!refund_reference || !wallet_reference) return undefined;
  if (!fields.has('gmt_refund') && !fields.has('refund_fee')) return undefined;
  const refunded_at = parseStamp(fields.get('gmt_refund') ?? '');
  return {
    refund_reference,
    wallet_reference,
    // `refund_fee` is the sum of all refunds of the trade, so it is no amount of this one.
    state: 'succeeded',
    wallet_merchant: account.seller_id,
    ...(refunded_at && { refunded_at }),
  };
}

interface Read {
  readonly fact_id: string;
  readonly fact_state: string;
  readonly content: NotificationFact;
}

function readTransfer(parameters: Parameters): Read | undefined {
  const content = parseObject(parameters.get('biz_content') ?? '');
  const fact = content && payoutFact(content);
  const fact_id = fact?.wallet_payout_id;
  const fact_state = content?.['status'];
  if (!fact || fact_id === undefined || typeof fact_state !== 'string') return undefined;
  return { fact_id, fact_state, content: { about: 'payout', fact } };
}

function readSplit(parameters: Parameters): Read | undefined {
  const content = parseObject(parameters.get('biz_content') ?? '');
  const fact = content && splitFact(content);
  if (!fact) return undefined;
  const fact_id = fact.wallet_split_id ?? fact.split_reference;
  return { fact_id, fact_state: fact.state, content: { about: 'split', fact } };
}

function readDecision(parameters: Parameters, outcome: 'finished' | 'rejected'): Read | undefined {
  const content = parseObject(parameters.get('biz_content') ?? '');
  const fact = content && decisionFact(content, outcome);
  if (!fact) return undefined;
  const fact_id = fact.wallet_application_id ?? fact.application_reference;
  return { fact_id, fact_state: outcome, content: { about: 'onboarding', fact } };
}

/** What came by the message channel; undefined for what is malformed. */
function readMessage(method: string, parameters: Parameters): Read | undefined {
  switch (method) {
    case TRANSFER_MESSAGE:
      return readTransfer(parameters);
    case 'alipay.trade.order.settle.notify':
      return readSplit(parameters);
    case 'ant.merchant.expand.indirect.zft.passed':
      return readDecision(parameters, 'finished');
    case 'ant.merchant.expand.indirect.zft.rejected':
      return readDecision(parameters, 'rejected');
    default: {
      const fact_id = parameters.get('notify_id');
      const content = { about: 'other', type: method } as const;
      return fact_id ? { fact_id, fact_state: method, content } : undefined;
    }
  }
}

function read(account: AlipayAccount, parameters: Parameters, fields: Fields): Read | undefined {
  const message = parameters.get('msg_method');
  if (message !== undefined) return readMessage(message, parameters);
  const type = parameters.get('notify_type') ?? '';
  if (type !== 'trade_status_sync') {
    const fact_id = parameters.get('notify_id');
    return fact_id ? { fact_id, fact_state: type, content: { about: 'other', type } } : undefined;
  }
  const trade_no = parameters.get('trade_no');
  if (!trade_no) return undefined;
  const refund = refundFact(account, parameters);
  if (refund) {
    const fact_id = `${trade_no}/${refund.refund_reference}`;
    return { fact_id, fact_state: 'REFUND_SUCCESS', content: { about: 'refund', fact: refund } };
  }
  const fact = paymentFact(fields, account.seller_id);
  if (!fact) return undefined;
  const fact_state = parameters.get('trade_status') ?? '';
  return { fact_id: trade_no, fact_state, content: { about: 'payment', fact } };
}

export async function verifyNotification(
  gateway: Gateway,
  account: AlipayAccount,
  raw: RawNotification,
): Promise<VerifiedNotification> {
  if (raw.body.length > MAX_BODY_BYTES) return refused('malformed', 'the body is too large');
  const letter = await openLetter(gateway, account, raw.body);
  if (!letter.ok) return refused(letter.reason, letter.message);
  const { parameters } = letter;
  const wrong = wrongAccount(account, parameters);
  if (wrong !== undefined) return refused('wrong_account', wrong);
  const fields: Fields = Object.fromEntries(parameters);
  const found = read(account, parameters, fields);
  if (!found)
    return refused('malformed', 'a field that the notification cannot do without is missing');
  return { kind: 'verified', ...found, masked: masked(fields) };
}

/** Exactly `success`, or the wallet sends again. */
export function answerNotification(accepted: boolean): NotificationAnswer {
  return {
    status: 200,
    content_type: 'text/plain; charset=utf-8',
    body: accepted ? ACKNOWLEDGED : 'fail',
  };
}
