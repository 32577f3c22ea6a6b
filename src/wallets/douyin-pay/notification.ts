import {
  isWireObject,
  parseWireObject,
  textField,
  type WireObject,
} from '../../protocols/wechat-pay/messages.ts';
import { decryptResource } from '../../protocols/wechat-pay/resource.ts';
import type { NotificationAnswer, RawNotification, VerifiedNotification } from '../notification.ts';
import type { DouyinAccount } from './account.ts';
import type { Client } from './client.ts';
import { paymentFact, refundFact } from './facts.ts';
import { masked } from './mask.ts';

/** The signature over the raw bytes first, then the window, then decryption, then whose it is. */
type Refused = Extract<VerifiedNotification, { kind: 'refused' }>;

const REASONS = {
  unsigned: ['signature', 'The Douyinpay-* signature headers are missing.'],
  unknown_key: ['unknown_key', 'Douyinpay-Serial names no certificate of this wallet.'],
  bad_signature: ['signature', 'The signature is wrong.'],
  stale: ['stale', 'The timestamp is more than five minutes from now.'],
} as const;

export async function verifyNotification(
  client: Client,
  account: DouyinAccount,
  raw: RawNotification,
): Promise<VerifiedNotification> {
  const headers = Object.fromEntries(
    Object.entries(raw.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const signed = { headers, body: raw.body, real: raw.received_at };
  const verdict = await client.trust.judge(account, signed, 'notification');
  if (verdict !== 'valid') {
    const [reason, message] = REASONS[verdict];
    return refused(reason, message);
  }
  const envelope = parseWireObject(raw.body.toString('utf8'));
  const resource = envelope?.resource;
  const event_type = envelope && textField(envelope, 'event_type');
  if (!envelope || !isWireObject(resource) || !event_type) {
    return refused('malformed', 'The body is not a notification.');
  }
  const plain = decryptResource(account.encrypt_key, {
    algorithm: textField(resource, 'algorithm') ?? '',
    ciphertext: textField(resource, 'ciphertext') ?? '',
    nonce: textField(resource, 'nonce') ?? '',
    associated_data: textField(resource, 'associated_data'),
  });
  if (plain === undefined) {
    return refused('decrypt', 'The resource cannot be decrypted: check encrypt_key.');
  }
  const content = parseWireObject(plain);
  if (!content) return refused('malformed', 'The decrypted resource is not a JSON object.');
  return readContent(account, { id: textField(envelope, 'id') ?? '', event_type }, content);
}

function readContent(
  account: DouyinAccount,
  { id, event_type }: { id: string; event_type: string },
  content: WireObject,
): VerifiedNotification {
  const of_payment = event_type.startsWith('TRANSACTION.');
  if (!of_payment && !event_type.startsWith('REFUND.')) {
    const about = { about: 'other', type: event_type.slice(0, 64) } as const;
    return {
      kind: 'verified',
      fact_id: id,
      fact_state: event_type,
      content: about,
      masked: masked(content),
    };
  }
  const appid = textField(content, 'appid');
  const ours = textField(content, 'mchid') === account.mchid;
  if (!ours || (appid !== undefined && appid !== account.appid)) {
    return refused('wrong_account', 'The notification is about another merchant or app id.');
  }
  const payment = of_payment ? paymentFact(content) : undefined;
  const refund = of_payment ? undefined : refundFact(content, account.mchid);
  const fact_id = payment?.wallet_transaction_id ?? refund?.wallet_refund_id;
  const fact_state = textField(content, of_payment ? 'trade_state' : 'refund_status');
  if (!fact_id || !fact_state) return refused('malformed', 'Fields of the fact are missing.');
  const shown = { kind: 'verified', fact_id, fact_state, masked: masked(content) } as const;
  if (payment) return { ...shown, content: { about: 'payment', fact: payment } };
  if (refund) return { ...shown, content: { about: 'refund', fact: refund } };
  return refused('malformed', 'Fields of the fact are missing.');
}

function refused(reason: Refused['reason'], message: string): Refused {
  return { kind: 'refused', reason, message };
}

export function answerNotification(accepted: boolean, message?: string): NotificationAnswer {
  const content_type = 'application/json';
  if (accepted) return { status: 200, content_type, body: '{"code":"SUCCESS"}' };
  const body = JSON.stringify({ code: 'FAIL', message: message ?? 'not accepted' });
  return { status: 400, content_type, body };
}
