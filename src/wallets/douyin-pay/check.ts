import { ORDERS } from '../../protocols/douyin-pay/messages.ts';
import { parseWireObject, textField } from '../../protocols/wechat-pay/messages.ts';
import type { CredentialCheck } from '../wallet.ts';
import type { DouyinAccount } from './account.ts';
import type { Client, Sent } from './client.ts';
import type { KeyTrial } from './trust.ts';

/**
 * The credential doctor: signs a query for an order that cannot exist. The code of the answer
 * proves the merchant's side, its signature the wallet's side; its certificates prove the key under
 * which they came.
 */
const NO_SUCH_ORDER = '0000000000CREDENTIALCHECK000';

export async function checkCredentials(
  client: Client,
  account: DouyinAccount,
): Promise<CredentialCheck[]> {
  const path = `${ORDERS}/out-trade-no`;
  const sent = await client.exchange(account, {
    method: 'GET',
    target: `${path}/${NO_SUCH_ORDER}?mchid=${account.mchid}`,
    operation: `${path}/{out_trade_no}`,
  });
  if (sent.kind !== 'answered') {
    return [failed('endpoint', `${account.endpoint} does not answer: ${sent.message}`)];
  }
  return [
    passed('endpoint', `${account.endpoint} answers.`),
    checkClock(client, sent),
    checkIdentity(sent),
    await checkCertificate(client, account, sent),
    checkKey(await client.trust.tryKey(account)),
  ];
}

function checkClock(client: Client, { headers }: Sent & { kind: 'answered' }): CredentialCheck {
  const theirs = Date.parse(headers.date ?? '');
  if (Number.isNaN(theirs)) return passed('clock', 'The wallet did not say its time.');
  const apart_s = Math.round(Math.abs(theirs - client.real().getTime()) / 1000);
  return apart_s < 240
    ? passed('clock', `Clocks are ${apart_s} s apart.`)
    : failed('clock', `This clock is ${apart_s} s from the wallet's: correct it.`);
}

function checkIdentity(sent: Sent & { kind: 'answered' }): CredentialCheck {
  const name = 'mchid, serial_no and private_key';
  const error = parseWireObject(sent.body.toString('utf8')) ?? {};
  const code = textField(error, 'code') ?? `HTTP ${sent.status}`;
  const said = `${code}: ${textField(error, 'message') ?? ''}`.slice(0, 200);
  switch (code) {
    case 'ORDER_NOT_EXIST':
      return passed(name, 'The wallet accepts the signature of this merchant.');
    case 'SIGN_ERROR':
      return failed(name, `The signature is refused: one of the three is wrong (${said}).`);
    case 'MCH_NOT_EXISTS':
      return failed(name, `mchid is not a merchant number (${said}).`);
    case 'NO_AUTH':
      return failed(name, `The signature is right, but the product is not enabled (${said}).`);
    default:
      return failed(name, `The wallet gave no usable answer (${said}); try again.`);
  }
}

async function checkCertificate(
  client: Client,
  account: DouyinAccount,
  sent: Sent & { kind: 'answered' },
): Promise<CredentialCheck> {
  const name = 'platform_certificate';
  const real = client.real();
  switch (await client.trust.judge(account, { ...sent, real }, 'answer')) {
    case 'valid':
      return passed(name, "The wallet's signature verifies.");
    case 'unsigned':
      return failed(name, 'The answer is not signed, so it could not be tested.');
    case 'unknown_key':
      return failed(name, 'The wallet signs with another certificate: fetch the present one.');
    case 'bad_signature':
      return failed(name, 'The certificate does not belong to its serial number.');
    default:
      return failed(name, "The answer's timestamp is too far from this clock.");
  }
}

/** Only who has the same key as the wallet opens what the wallet encrypted under it. */
function checkKey(trial: KeyTrial): CredentialCheck {
  const name = 'encrypt_key';
  switch (trial.kind) {
    case 'right':
      return passed(name, "encrypt_key opens the wallet's certificates.");
    case 'wrong':
      return failed(
        name,
        "encrypt_key does not open the wallet's certificates: it is another one.",
      );
    case 'untested':
      return failed(name, `The wallet gave no certificates to test encrypt_key on (${trial.why}).`);
    default:
      return trial satisfies never;
  }
}

function passed(name: string, message: string): CredentialCheck {
  return { name, ok: true, message };
}

function failed(name: string, message: string): CredentialCheck {
  return { name, ok: false, message };
}
