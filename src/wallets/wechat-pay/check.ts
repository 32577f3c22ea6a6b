import { randomBytes } from 'node:crypto';
import { Refusal } from '../../errors.ts';
import type { CredentialCheck, WalletAccount } from '../wallet.ts';
import { type MerchantAccount, openAccount } from './account.ts';
import type { Client } from './client.ts';
import { exchangeCode } from './login.ts';
import type { Heard } from './trust/echoes.ts';
import { checkCertificate, checkForms, checkOwnHalf, failed, passed } from './trust/forms.ts';
import { probe, readDownload, readProbe } from './trust/probe.ts';

/**
 * The credential doctor: says which of the secrets is wrong. First their forms and whether they fit
 * each other; then the wallet itself: its self-test, its certificates, and where a notification can
 * reach this process, the self-test's notification.
 */
const NOTIFICATION_PATIENCE_MS = 4_000;

export async function checkCredentials(
  client: Client,
  account: WalletAccount,
  notify_url?: string,
): Promise<CredentialCheck[]> {
  const forms = checkForms(account);
  if (forms.some(({ ok }) => !ok)) return forms;
  let opened: MerchantAccount;
  try {
    opened = openAccount(account);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [...forms, failed('settings', error.message)];
  }
  const known = [
    ...forms,
    ...checkOwnHalf(account),
    ...checkCertificate(account, client.environment.real()),
  ];
  const message = randomBytes(12).toString('hex');
  const heard =
    notify_url === undefined
      ? undefined
      : client.echoes.wait(opened.id, message, NOTIFICATION_PATIENCE_MS);
  const tried = await probe(client, opened, notify_url, message);
  if (tried.sent.kind !== 'answered') {
    const { sent } = tried;
    const why = sent.kind === 'failed' ? sent.error.message : sent.message;
    const reach = failed('endpoint', `${opened.endpoint} does not answer: ${why}`);
    return [...known, reach, await checkSecret(client, opened)];
  }
  const said = await readProbe(client, opened, tried, tried.sent.answer);
  const done = tried.sent.answer.status === 200;
  return [
    ...known,
    passed('endpoint', `${opened.endpoint} answers.`),
    ...said,
    // While the signature is refused, no other call can say anything.
    ...(tried.sent.answer.status === 401 ? [] : [await checkApiKey(client, opened)]),
    ...(heard && done ? [readEcho(await heard)] : []),
    await checkSecret(client, opened),
  ];
}

async function checkApiKey(client: Client, account: MerchantAccount): Promise<CredentialCheck> {
  return readDownload(account, await client.ring.refresh(client, account));
}

function readEcho(heard: Heard): CredentialCheck {
  const name = 'notification';
  switch (heard) {
    case 'heard':
      return passed(name, 'A notification arrived, verified, and api_v3_key decrypted it.');
    case 'decrypt':
      return failed(name, 'api_v3_key is wrong: a notification arrived that it cannot decrypt.');
    case 'silent':
      // No fault of the credentials: which of the two it was, this process cannot know.
      return passed(
        name,
        'Could not be proved here: no notification arrived at this process in four seconds. ' +
          'Another process of the hub took it, or the wallet cannot reach the notify address.',
      );
    default:
      return heard satisfies never;
  }
}

const INVALID_SECRET = 40125;
const INVALID_APPID = 40013;

/** A code that nobody issued is refused for itself only when app id and secret are right. */
async function checkSecret(client: Client, account: MerchantAccount): Promise<CredentialCheck> {
  const name = 'appid and app_secret';
  if (account.app_secret === undefined) {
    return passed(name, 'app_secret is not set: payments inside WeChat are not offered.');
  }
  const answer = await exchangeCode(client, account, 'credential-check');
  if (answer.kind === 'unreachable') {
    return failed(name, `${account.oauth_token_endpoint} does not answer: ${answer.message}`);
  }
  if (answer.kind === 'openid') return passed(name, 'appid and app_secret are right.');
  if (answer.errcode === INVALID_SECRET) return failed(name, 'app_secret is wrong.');
  if (answer.errcode === INVALID_APPID) return failed(name, 'appid is wrong.');
  return passed(name, 'appid and app_secret are right.');
}
