import { Refusal } from '../../errors.ts';
import type { OutboundAnswer } from '../../outbound.ts';
import { canonicalCode, parseWireError } from '../../protocols/wechat-pay/errors.ts';
import { isApiV3Key } from '../../protocols/wechat-pay/resource.ts';
import { readPrivateKey, readPublicKey } from '../../protocols/wechat-pay/signature.ts';
import type { CredentialCheck, WalletAccount } from '../wallet.ts';
import { type MerchantAccount, openAccount } from './account.ts';
import type { Client } from './client.ts';
import { exchangeCode } from './login.ts';
import { judge, type SignatureVerdict } from './trust/judge.ts';
import { send } from './trust/send.ts';

/**
 * The credential doctor: says which of the secrets is wrong. It signs a query for an order that
 * cannot exist; the answer proves the merchant's side by its code and WeChat Pay's side by its
 * signature.
 */
const NO_SUCH_ORDER = '0000000000CREDENTIALCHECK000';

export async function checkCredentials(
  client: Client,
  account: WalletAccount,
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
  const target = `/v3/pay/transactions/out-trade-no/${NO_SUCH_ORDER}?mchid=${opened.mchid}`;
  const sent = await send(client, opened, {
    method: 'GET',
    target,
    operation: target,
    signed: '',
    max_answer_bytes: 65_536,
  });
  if (sent.kind !== 'answered') {
    const why = sent.kind === 'failed' ? sent.error.message : sent.message;
    const reach = failed('endpoint', `${opened.endpoint} does not answer: ${why}`);
    return [...forms, reach, await checkSecret(client, opened)];
  }
  const { answer } = sent;
  return [
    ...forms,
    passed('endpoint', `${opened.endpoint} answers.`),
    checkClock(client, answer),
    checkIdentity(answer),
    await checkPublicKey(client, opened, answer),
    await checkSecret(client, opened),
  ];
}

function checkForms({ settings, credentials }: WalletAccount): CredentialCheck[] {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const rules: [name: string, ok: boolean, good: string, bad: string][] = [
    [
      'private_key form',
      readPrivateKey(text(credentials.private_key)) !== undefined,
      'private_key is an RSA private key.',
      'private_key is not an RSA private key in PEM: use apiclient_key.pem.',
    ],
    [
      'public_key form',
      readPublicKey(text(credentials.public_key)) !== undefined,
      'public_key is an RSA public key.',
      'public_key is not an RSA public key in PEM: use pub_key.pem, not a certificate.',
    ],
    [
      'serial_no form',
      /^[0-9A-Fa-f]{40}$/.test(text(settings.serial_no)),
      'serial_no has 40 hex digits.',
      'serial_no must be the 40 hex digits of the merchant API certificate.',
    ],
    [
      'public_key_id form',
      text(settings.public_key_id).startsWith('PUB_KEY_ID_'),
      'public_key_id begins with PUB_KEY_ID_.',
      'public_key_id must begin with PUB_KEY_ID_: copy it from the merchant console.',
    ],
    [
      'api_v3_key form',
      isApiV3Key(text(credentials.api_v3_key)),
      'api_v3_key has 32 bytes; the first notification proves it.',
      'api_v3_key must have exactly 32 bytes.',
    ],
  ];
  return rules.map(([name, ok, good, bad]) => ({ name, ok, message: ok ? good : bad }));
}

/** A signature is refused when the clocks are five minutes apart: worth its own line. */
function checkClock(client: Client, answer: OutboundAnswer): CredentialCheck {
  const theirs = Date.parse(answer.headers.date ?? '');
  if (Number.isNaN(theirs)) return passed('clock', 'The wallet did not say its time.');
  const apart_s = Math.round(Math.abs(theirs - client.environment.real().getTime()) / 1000);
  if (apart_s < 240) return passed('clock', `Clocks are ${apart_s} s apart.`);
  return failed('clock', `This clock is ${apart_s} s from the wallet's: correct it.`);
}

/** Do mchid, serial_no and private_key belong together? */
function checkIdentity(answer: OutboundAnswer): CredentialCheck {
  const name = 'mchid, serial_no and private_key';
  const error = parseWireError(answer.body.toString('utf8'));
  const code = error ? canonicalCode(error.code) : `HTTP ${answer.status}`;
  const said = error ? `${error.code}: ${error.message}` : `HTTP ${answer.status}`;
  switch (code) {
    case 'ORDER_NOT_EXIST':
      return passed(name, 'The wallet accepts the signature of this merchant.');
    case 'SIGN_ERROR':
      return failed(name, `${blame(error?.detail)} (${said})`);
    case 'NO_AUTH':
      return failed(name, `The signature is right, but the product is not enabled (${said}).`);
    case 'MCH_NOT_EXISTS':
      return failed(name, `mchid is not a merchant number (${said}).`);
    case 'PARAM_ERROR':
      return failed(name, `A setting is refused, perhaps public_key_id (${said}).`);
    default:
      return failed(name, `The wallet gave no usable answer (${said}); try again.`);
  }
}

function blame(detail: unknown): string {
  const field =
    typeof detail === 'object' && detail !== null && 'field' in detail ? detail.field : undefined;
  switch (field) {
    case 'mchid':
      return 'mchid is wrong: the wallet does not know it.';
    case 'serial_no':
      return 'serial_no is wrong: it is no certificate of this mchid.';
    case 'timestamp':
      return 'The clock of this machine is wrong.';
    default:
      return 'private_key is wrong: it does not belong to the certificate serial_no.';
  }
}

const PUBLIC_KEY_FAULT: Readonly<Record<Exclude<SignatureVerdict, 'valid'>, string>> = {
  unsigned:
    'The answer is not signed, so public_key could not be tested; fix the lines above first.',
  unknown_key: 'public_key_id is wrong: the wallet signs with another key.',
  bad_signature: 'public_key is wrong: it does not belong to public_key_id.',
  stale: "The answer's timestamp is too far from this clock: correct the clock.",
};

async function checkPublicKey(
  client: Client,
  account: MerchantAccount,
  answer: OutboundAnswer,
): Promise<CredentialCheck> {
  const name = 'public_key and public_key_id';
  const { headers, body } = answer;
  const verdict = await judge(client, account, { headers, body, real: client.environment.real() });
  if (verdict === 'valid') return passed(name, "The wallet's signature verifies.");
  const serial = answer.headers['wechatpay-serial'];
  const named = verdict === 'unknown_key' ? ` It names ${serial?.slice(0, 80)}.` : '';
  return failed(name, PUBLIC_KEY_FAULT[verdict] + named);
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

function passed(name: string, message: string): CredentialCheck {
  return { name, ok: true, message };
}

function failed(name: string, message: string): CredentialCheck {
  return { name, ok: false, message };
}
