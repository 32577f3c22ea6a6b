import type { App } from '../app.ts';
import { homeOf } from '../books.ts';
import { storableJson, storableText } from '../db/storable.ts';
import { newId } from '../ids.ts';
import {
  type HeardNotification,
  isHeard,
  type NotificationAnswer,
  type RawNotification,
  referencesOf,
  type VerifiedNotification,
} from '../wallets/notification.ts';
import type { WalletName } from '../wallets/wallet.ts';
import { countRefused, factToJson, storeNotification } from './queries.ts';

/**
 * A wallet speaks: verified on the raw bytes with this account's keys only, stored before it is
 * acknowledged, processed by a job. The same fact told twice is stored once.
 */
const MAX_SAMPLES = 5;
const SAMPLE_BYTES = 2_000;
const MAX_NUMBER = 200;
/** Fifty parts of a combined order, each with its state. */
const MAX_STATE = 500;

export async function receiveNotification(
  app: App,
  wallet: WalletName,
  accountId: string,
  raw: RawNotification,
): Promise<NotificationAnswer | undefined> {
  const account = await app.wallets.account(accountId);
  if (!account || account.wallet !== wallet) return undefined;
  const connector = app.wallets.connector(wallet);
  const verified = await connector.verifyNotification(account, raw);
  if (verified.kind === 'refused') {
    await refused(app, account.id, raw, verified);
    return connector.answerNotification(false, verified.message);
  }
  const { content } = verified;
  if (!isHeard(content)) return connector.answerNotification(true);
  const { fact_id, fact_state } = verified;
  if (hasEndlessNumber(fact_id, content) || fact_state.length > MAX_STATE) {
    const message = `a number has more than ${MAX_NUMBER} characters, or a state ${MAX_STATE}`;
    await refused(app, account.id, raw, { kind: 'refused', reason: 'malformed', message });
    return connector.answerNotification(false, message);
  }
  const book = await homeOf(app, referencesOf(content)[0]);
  const fresh = await storeNotification(app.db, {
    book,
    id: newId('ntf', book),
    job_id: newId('job', book),
    wallet,
    wallet_account_id: account.id,
    fact_id: storableText(fact_id),
    fact_state: storableText(fact_state),
    content: factToJson(content),
    masked: storableJson(JSON.stringify(verified.masked)),
  });
  if (fresh) app.jobs.wake();
  return connector.answerNotification(true);
}

/** Numbers are keys of indexes; no wallet has any that come near the limit. */
function hasEndlessNumber(fact_id: string, content: HeardNotification): boolean {
  return [fact_id, ...referencesOf(content)].some((number) => number.length > MAX_NUMBER);
}

async function refused(
  app: App,
  accountId: string,
  raw: RawNotification,
  { reason, message }: Extract<VerifiedNotification, { kind: 'refused' }>,
): Promise<void> {
  app.log.warn({ wallet_account: accountId, reason }, 'notification refused');
  const sample = {
    at: raw.received_at.toISOString(),
    message,
    bytes: raw.body.length,
    // Printable text only: what an attacker sends must not break the log or the row.
    body: raw.body
      .subarray(0, SAMPLE_BYTES)
      .toString('latin1')
      .replace(/[^\x20-\x7e]/g, '.'),
  };
  await countRefused(app.db, {
    wallet_account_id: accountId,
    reason,
    sample: JSON.stringify(sample),
    max_samples: MAX_SAMPLES,
  });
}
