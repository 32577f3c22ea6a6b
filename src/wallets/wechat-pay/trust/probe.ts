import { randomBytes } from 'node:crypto';
import type { OutboundAnswer } from '../../../outbound.ts';
import {
  canonicalCode,
  parseWireError,
  type WireError,
} from '../../../protocols/wechat-pay/errors.ts';
import {
  isWireObject,
  parseWireObject,
  textField,
} from '../../../protocols/wechat-pay/messages.ts';
import type { CredentialCheck } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import { decryptField, openSealer } from './fields.ts';
import { failed, passed } from './forms.ts';
import { judge, type SignatureVerdict } from './judge.ts';
import type { Download } from './ring.ts';
import { type Client, type Sent, send } from './send.ts';

/**
 * The wallet's own self-test: one call that proves the merchant's signature by its acceptance, the
 * wallet's key by the answer's signature, and encryption both ways by a secret that comes back.
 * https://pay.weixin.qq.com/doc/v3/merchant/4014551946
 */
const ECHO = '/v3/security/echo';
const MAX_ANSWER_BYTES = 64 * 1024;

export interface Probe {
  readonly sent: Sent;
  /** What was sent in clear, and what was encrypted where there was a key for it. */
  readonly message: string;
  readonly secret: string | undefined;
}

export async function probe(
  client: Client,
  account: MerchantAccount,
  notify_url: string | undefined,
  message: string,
): Promise<Probe> {
  const sealer = await openSealer(client, account);
  const secret = sealer && randomBytes(12).toString('hex');
  const sealed = secret && sealer.encrypt(secret);
  const body = JSON.stringify({
    ...(notify_url === undefined ? {} : { notify_url }),
    echo_message: message,
    ...(sealed === undefined ? {} : { encrypted_echo_message: sealed }),
  });
  const sent = await send(client, account, {
    method: 'POST',
    target: ECHO,
    operation: `POST ${ECHO}`,
    signed: body,
    body,
    content_type: 'application/json',
    serial: sealer?.serial,
    max_answer_bytes: MAX_ANSWER_BYTES,
  });
  return { sent, message, secret };
}

/** Everything that the answer of the self-test proves or refutes. */
export async function readProbe(
  client: Client,
  account: MerchantAccount,
  tried: Probe,
  answer: OutboundAnswer,
): Promise<CredentialCheck[]> {
  const error = answer.status === 200 ? undefined : errorIn(answer);
  return [
    checkClock(client, answer),
    checkIdentity(answer, error),
    await checkSignature(client, account, answer),
    ...checkSecret(account, tried, { answer, error }),
  ];
}

function errorIn(answer: OutboundAnswer): WireError | undefined {
  return parseWireError(answer.body.toString('utf8'));
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
function checkIdentity(answer: OutboundAnswer, error: WireError | undefined): CredentialCheck {
  const name = 'mchid, serial_no and private_key';
  const accepted = passed(name, 'The wallet accepts the signature of this merchant.');
  if (answer.status === 200) return accepted;
  const said = error ? `${error.code}: ${error.message}` : `HTTP ${answer.status}`;
  switch (error && canonicalCode(error.code)) {
    case 'SIGN_ERROR':
      return failed(name, `${blame(error?.detail)} (${said})`);
    // Fields are looked at only under a good signature.
    case 'PARAM_ERROR':
    case 'INVALID_REQUEST':
      return accepted;
    case 'NO_AUTH':
      return failed(name, `The signature is right, but the product is not enabled (${said}).`);
    case 'MCH_NOT_EXISTS':
      return failed(name, `mchid is not a merchant number (${said}).`);
    default:
      return failed(name, `The wallet gave no usable answer (${said}); try again.`);
  }
}

function blame(detail: unknown): string {
  const { field, issue } = isWireObject(detail) ? detail : { field: '', issue: '' };
  switch (field) {
    case 'mchid':
      return 'mchid is wrong: the wallet does not know it.';
    case 'serial_no':
      return issue === 'certificate is revoked'
        ? 'serial_no is wrong: that certificate is revoked.'
        : 'serial_no is wrong: it is no certificate of this mchid.';
    case 'timestamp':
      return 'The clock of this machine is wrong.';
    default:
      return 'private_key is wrong: it does not belong to the certificate serial_no.';
  }
}

const FAULT: Readonly<Record<Exclude<SignatureVerdict, 'valid' | 'unknown_key'>, string>> = {
  unsigned:
    'The answer is not signed, so the wallet’s key could not be tested; fix the lines above first.',
  bad_signature: 'public_key is wrong: it does not belong to public_key_id.',
  stale: "The answer's timestamp is too far from this clock: correct the clock.",
};

async function checkSignature(
  client: Client,
  account: MerchantAccount,
  { headers, body }: OutboundAnswer,
): Promise<CredentialCheck> {
  const by_certificate = account.trust === 'certificate';
  const name = by_certificate ? 'platform certificate' : 'public_key and public_key_id';
  const verdict = await judge(client, account, { headers, body, real: client.environment.real() });
  if (verdict === 'valid') return passed(name, "The wallet's signature verifies.");
  if (verdict !== 'unknown_key') return failed(name, FAULT[verdict]);
  const serial = headers['wechatpay-serial']?.slice(0, 80) ?? '';
  if (serial.startsWith('PUB_KEY_ID_')) {
    return by_certificate
      ? failed(name, `The wallet signs with its public key ${serial}: set trust to both.`)
      : failed(
          name,
          `public_key_id is wrong: the wallet signs with another key. It names ${serial}.`,
        );
  }
  return by_certificate || account.trust === 'both'
    ? failed(name, `The wallet signs with certificate ${serial}, which could not be downloaded.`)
    : failed(
        name,
        `The wallet still signs with platform certificate ${serial}: set trust to both, or finish the switch to the public key in the merchant console.`,
      );
}

/** The secret went out under the wallet's key and must come back under the merchant's. */
function checkSecret(
  account: MerchantAccount,
  { secret }: Probe,
  { answer, error }: { answer: OutboundAnswer; error: WireError | undefined },
): CredentialCheck[] {
  const name = 'encrypted fields';
  if (secret === undefined) return [];
  const field = isWireObject(error?.detail) ? error.detail.field : undefined;
  if (field === '/encrypted_echo_message') {
    return [failed(name, 'The wallet cannot read what is encrypted with the key it was told.')];
  }
  if (answer.status !== 200) return [];
  const content = parseWireObject(answer.body.toString('utf8')) ?? {};
  const back = decryptField(account, textField(content, 'encrypted_echo_message') ?? '');
  return back === secret
    ? [passed(name, 'Encrypted fields are read on both sides.')]
    : [failed(name, 'The wallet encrypts to another certificate than that of private_key.')];
}

/** What the download of platform certificates says of the APIv3 key and of the trust. */
export function readDownload(account: MerchantAccount, got: Download): CredentialCheck {
  const name = 'api_v3_key';
  const wanted = account.trust !== 'public_key';
  switch (got.kind) {
    case 'downloaded':
      return passed(name, 'api_v3_key decrypts what the wallet encrypts with it.');
    case 'decrypt':
      return failed(name, 'api_v3_key is wrong: the wallet encrypts with another one.');
    case 'none':
      return wanted
        ? failed(
            'platform certificate',
            'The wallet has no certificate for this merchant: set trust to public_key.',
          )
        : passed(name, 'api_v3_key has 32 bytes; the first notification proves it.');
    case 'too_soon':
      return passed(name, 'api_v3_key was not tried again so soon.');
    case 'refused':
    case 'not_trusted':
    case 'unreachable':
      return wanted
        ? failed('platform certificate', 'The certificates could not be downloaded just now.')
        : passed(name, 'api_v3_key has 32 bytes; the first notification proves it.');
    default:
      return got satisfies never;
  }
}
