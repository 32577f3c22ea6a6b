import {
  parseWireObject,
  textField,
  type WireObject,
} from '../../protocols/wechat-pay/messages.ts';
import { type OpenedEnvelope, parseEnvelope } from '../../protocols/wechat-pay/notification.ts';
import { decryptResource } from '../../protocols/wechat-pay/resource.ts';
import type {
  NotificationAnswer,
  NotificationFact,
  RawNotification,
  VerifiedNotification,
} from '../notification.ts';
import type { MerchantAccount } from './account.ts';
import { namedApp } from './app-ids.ts';
import type { Client } from './client.ts';
import { onboardingFact } from './ecommerce/onboarding.ts';
import { withdrawalFact } from './ecommerce/seller-funds.ts';
import { combinedFacts, paymentFact, refundFact } from './facts.ts';
import { maskObject } from './mask.ts';
import { consentFact } from './payouts/consents.ts';
import { payoutFact } from './payouts/payouts.ts';
import { splitNoticeFact } from './splits/facts.ts';
import { judge } from './trust/judge.ts';

/**
 * Notifications: the signature over the raw bytes first, then the window against replays, then
 * decryption, then whether it is about this merchant at all. WeChat Pay's own probes with wrong
 * signatures are refused like any other.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791861
 */
type Refused = Extract<VerifiedNotification, { kind: 'refused' }>;

const SIGNATURE_REASON = {
  unsigned: ['signature', 'The Wechatpay-* signature headers are missing.'],
  unknown_key: ['unknown_key', 'Wechatpay-Serial names no key of this account.'],
  bad_signature: ['signature', 'The signature is wrong.'],
  stale: ['stale', 'The timestamp is more than five minutes from now.'],
} as const;

export async function verifyNotification(
  client: Client,
  account: MerchantAccount,
  raw: RawNotification,
): Promise<VerifiedNotification> {
  const headers = lowerCase(raw.headers);
  const signed = { headers, body: raw.body, real: raw.received_at };
  const verdict = await judge(client, account, signed, 'notification');
  if (verdict !== 'valid') {
    const [reason, message] = SIGNATURE_REASON[verdict];
    return refused(reason, message);
  }
  const envelope = parseEnvelope(raw.body.toString('utf8'));
  if (!envelope) return refused('malformed', 'The body is not a notification.');
  const plain = decryptResource(account.api_v3_key, envelope.resource);
  if (plain === undefined) {
    client.echoes.unreadable(account.id);
    return refused('decrypt', 'The resource cannot be decrypted: check the APIv3 key.');
  }
  const content = parseWireObject(plain);
  if (!content) return refused('malformed', 'The decrypted resource is not a JSON object.');
  if (envelope.event_type === 'SECURITY_ECHO.SUCCESS') {
    client.echoes.heard(account.id, textField(content, 'echo_message') ?? '');
  }
  return readContent(account, envelope, content);
}

function readContent(
  account: MerchantAccount,
  envelope: OpenedEnvelope,
  content: WireObject,
): VerifiedNotification {
  const about = subjectOf(envelope);
  if (!about) return other(envelope, content);
  if (about === 'split') return split(account, content);
  if (about === 'onboarding') return onboarding(envelope, content);
  if (about === 'withdrawal') return withdrawal(account, content);
  if (about === 'payout_consent') return consent(account, content);
  const mchid = firstOf(content, MERCHANT_FIELDS);
  const appid = firstOf(content, APP_FIELDS);
  if (mchid !== account.mchid || (appid !== undefined && !isOwnApp(account, appid))) {
    return refused('wrong_account', 'The notification is about another merchant or app id.');
  }
  if (about === 'payout') return payout(account, content);
  if (about === 'refund') return refund(content, mchid);
  return content.sub_orders === undefined ? payment(content) : combinedPayment(content);
}

function other({ id, event_type }: OpenedEnvelope, content: WireObject): VerifiedNotification {
  return verified(content, {
    fact_id: id,
    fact_state: event_type,
    content: { about: 'other', type: event_type.slice(0, 64) },
  });
}

/** Who signs calls, as the messages of direct, partner, combined and transfer products name it. */
const MERCHANT_FIELDS = ['mchid', 'sp_mchid', 'combine_mchid', 'mch_id'];
const APP_FIELDS = ['appid', 'sp_appid', 'combine_appid'];

function firstOf(content: WireObject, names: readonly string[]): string | undefined {
  return names.map((name) => textField(content, name)).find((value) => value !== undefined);
}

function isOwnApp(account: MerchantAccount, named: string): boolean {
  return !('problem' in namedApp(account, named));
}

function payment(content: WireObject): VerifiedNotification {
  const fact = paymentFact(content);
  const fact_id = fact?.wallet_transaction_id;
  const fact_state = textField(content, 'trade_state');
  if (!fact || !fact_id || !fact_state) {
    return refused('malformed', 'Fields of the payment are missing.');
  }
  return verified(content, { fact_id, fact_state, content: { about: 'payment', fact } });
}

/** One notification for all parts: it is known by the number of the whole. */
function combinedPayment(content: WireObject): VerifiedNotification {
  const facts = combinedFacts(content);
  const wallet_reference = textField(content, 'combine_out_trade_no');
  const all = facts?.every((fact) => fact.wallet_merchant === textField(content, 'combine_mchid'));
  if (!facts || !all || !wallet_reference) {
    return refused('malformed', 'Fields of the combined payment are missing.');
  }
  const states = [...new Set(facts.map(({ state }) => state))].sort();
  return verified(content, {
    fact_id: wallet_reference,
    fact_state: states.join('+'),
    content: { about: 'combined', wallet_reference, facts },
  });
}

function refund(content: WireObject, mchid: string): VerifiedNotification {
  const fact = refundFact(content, mchid);
  const fact_id = fact?.wallet_refund_id;
  const fact_state = textField(content, 'refund_status');
  if (!fact || !fact_id || !fact_state) {
    return refused('malformed', 'Fields of the refund are missing.');
  }
  return verified(content, { fact_id, fact_state, content: { about: 'refund', fact } });
}

function payout(account: MerchantAccount, content: WireObject): VerifiedNotification {
  const fact = payoutFact(account, content);
  const fact_id = fact?.wallet_payout_id;
  const fact_state = textField(content, 'state');
  if (!fact || !fact_id || !fact_state) {
    return refused('malformed', 'Fields of the transfer are missing.');
  }
  return verified(content, { fact_id, fact_state, content: { about: 'payout', fact } });
}

/** It names no merchant; app id and key say whose it is. Agreed and ended are two facts. */
function consent(account: MerchantAccount, content: WireObject): VerifiedNotification {
  const fact = consentFact(account, content);
  const fact_id = fact?.standing_consent ?? fact?.consent_reference;
  if (!fact || fact_id === undefined) {
    return refused('malformed', 'Fields of the standing consent are missing.');
  }
  if (fact.app === undefined || !isOwnApp(account, fact.app)) {
    return refused('wrong_account', 'The notification is about another app id.');
  }
  const fact_state = textField(content, 'state') ?? '';
  return verified(content, { fact_id, fact_state, content: { about: 'payout_consent', fact } });
}

/** Told to the receiver: the merchant that it names beside it is the one that paid. */
function split(account: MerchantAccount, content: WireObject): VerifiedNotification {
  const fact = splitNoticeFact(content);
  const fact_id = fact?.wallet_split_id;
  const paid_by = firstOf(content, MERCHANT_FIELDS);
  if (!fact || !fact_id || !paid_by)
    return refused('malformed', 'Fields of the split are missing.');
  if (fact.parts[0]?.account !== account.mchid) {
    return refused('wrong_account', 'The notification is about another receiver.');
  }
  const told = { about: 'split', fact, paid_by } as const;
  return verified(content, { fact_id, fact_state: 'SUCCESS', content: told });
}

/**
 * It names no partner; that it opened under this account's key says whose it is. Applications for
 * web addresses come under the same event and are of no use here.
 */
function onboarding(envelope: OpenedEnvelope, content: WireObject): VerifiedNotification {
  const fact = onboardingFact(content);
  if (!fact) return other(envelope, content);
  const fact_id = fact.wallet_application_id ?? fact.application_reference;
  const fact_state = textField(content, 'applyment_state') ?? '';
  return verified(content, { fact_id, fact_state, content: { about: 'onboarding', fact } });
}

/** A platform's own names no merchant at all; a seller's names the platform. */
function withdrawal(account: MerchantAccount, content: WireObject): VerifiedNotification {
  const fact = withdrawalFact(content, account.mchid);
  if (!fact) return refused('malformed', 'Fields of the withdrawal are missing.');
  if (fact.wallet_merchant !== account.mchid) {
    return refused('wrong_account', 'The notification is about another platform.');
  }
  const fact_id = fact.wallet_withdrawal_id;
  const fact_state = textField(content, 'status') ?? '';
  return verified(content, { fact_id, fact_state, content: { about: 'withdrawal', fact } });
}

type Subject = Exclude<NotificationFact['about'], 'combined' | 'other'>;

/** The type of what is inside decides; profit sharing may also arrive as TRANSACTION.SUCCESS. */
function subjectOf({ event_type, original_type }: OpenedEnvelope): Subject | undefined {
  if (event_type === 'MCHTRANSFER.BILL.FINISHED') return 'payout';
  if (event_type.startsWith('MCHTRANSFER.AUTHORIZATION.')) return 'payout_consent';
  // A return is told in the words of a split, under numbers of its own.
  if (event_type.startsWith('PROFITSHARING.')) return 'split';
  if (event_type === 'APPLYMENT_STATE.APPROVED') return 'onboarding';
  if (event_type === 'MCHWITHDRAW.CHANGE') return 'withdrawal';
  if (event_type.startsWith('TRANSACTION.')) {
    if (original_type === 'profitsharing') return 'split';
    return original_type === undefined || original_type === 'transaction' ? 'payment' : undefined;
  }
  return event_type.startsWith('REFUND.') ? 'refund' : undefined;
}

function verified(
  content: WireObject,
  fact: Pick<
    Extract<VerifiedNotification, { kind: 'verified' }>,
    'fact_id' | 'fact_state' | 'content'
  >,
): VerifiedNotification {
  return { kind: 'verified', ...fact, masked: maskObject(content) };
}

function refused(reason: Refused['reason'], message: string): Refused {
  return { kind: 'refused', reason, message };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

/** 204 ends the retries; any 4xx or 5xx brings the next one. */
export function answerNotification(accepted: boolean, message?: string): NotificationAnswer {
  const content_type = 'application/json';
  if (accepted) return { status: 200, content_type, body: '{"code":"SUCCESS"}' };
  const body = JSON.stringify({ code: 'FAIL', message: message ?? 'not accepted' });
  return { status: 400, content_type, body };
}
