import { type Outbound, type OutboundAnswer, OutboundError } from '../../outbound.ts';
import { buildAuthorization } from '../../protocols/wechat-pay/authorization.ts';
import { canonicalCode, internalCode, parseWireError } from '../../protocols/wechat-pay/errors.ts';
import { parseWireObject, type WireObject } from '../../protocols/wechat-pay/messages.ts';
import {
  answerMessage,
  isFresh,
  newNonce,
  requestMessage,
  rsaSign,
  rsaVerify,
  unixSeconds,
} from '../../protocols/wechat-pay/signature.ts';
import type { WalletEnvironment, WalletTrace } from '../wallet.ts';
import type { MerchantAccount } from './account.ts';
import { maskObject, maskWire } from './mask.ts';

/**
 * One signed call. The bytes that are signed are the bytes that are sent, and an answer counts
 * only under a valid signature: a 2xx without one, an error without one and every 5xx leave the
 * outcome unknown.
 */
export interface Call {
  readonly method: 'GET' | 'POST';
  /** Path and query, encoded. */
  readonly target: string;
  /** The path with its variables in braces, for the trace. */
  readonly operation: string;
  readonly body?: WireObject;
}

export type CallResult =
  | { readonly kind: 'answer'; readonly content: WireObject; readonly trace: WalletTrace }
  | WalletError
  | { readonly kind: 'unknown'; readonly cause: string; readonly trace: WalletTrace }
  /** No byte of the request can have left. */
  | { readonly kind: 'unreachable'; readonly message: string; readonly trace: WalletTrace };

/** An error under a valid signature: a definite no. */
export interface WalletError {
  readonly kind: 'error';
  readonly status: number;
  /** Newer spelling. */
  readonly code: string;
  /** Digits at the end of Request-ID. */
  readonly internal: string | undefined;
  readonly message: string;
  readonly trace: WalletTrace;
}

export interface Client {
  readonly environment: WalletEnvironment;
  readonly outbound: Outbound;
}

const MAX_ANSWER_BYTES = 256 * 1024;

export async function callWallet(
  client: Client,
  account: MerchantAccount,
  call: Call,
): Promise<CallResult> {
  const started = performance.now();
  const exchanged = await exchange(client, account, call);
  const duration_ms = Math.round(performance.now() - started);
  const base = {
    operation: `${call.method} ${call.operation}`,
    duration_ms,
    request: { target: call.target, ...(call.body ? { body: maskObject(call.body) } : {}) },
  };
  if (exchanged instanceof OutboundError) {
    const { message, sent } = exchanged;
    const trace = { ...base, wallet_message: message };
    return sent
      ? { kind: 'unknown', cause: `${exchanged.kind}: ${message}`, trace }
      : { kind: 'unreachable', message: `WeChat Pay cannot be reached: ${message}`, trace };
  }
  return judge(client, account, exchanged, base);
}

/** Sends the call and gives what came back, unjudged. */
export async function exchange(
  client: Client,
  account: MerchantAccount,
  call: Call,
): Promise<OutboundAnswer | OutboundError> {
  const { environment, outbound } = client;
  const body = call.body === undefined ? '' : JSON.stringify(call.body);
  const timestamp = unixSeconds(environment.real());
  const nonce = newNonce();
  const { method, target } = call;
  const message = requestMessage({ method, target, timestamp, nonce, body });
  const signature = await rsaSign(account.private_key, message);
  try {
    return await outbound.send({
      method,
      url: account.endpoint + target,
      headers: {
        Accept: 'application/json',
        'User-Agent': 'hutong',
        'Wechatpay-Serial': account.public_key_id,
        ...(body === '' ? {} : { 'Content-Type': 'application/json' }),
        Authorization: buildAuthorization({
          mchid: account.mchid,
          serial_no: account.serial_no,
          nonce_str: nonce,
          timestamp,
          signature,
        }),
      },
      ...(body === '' ? {} : { body }),
      timeout_ms: environment.timeout_ms,
      max_answer_bytes: MAX_ANSWER_BYTES,
    });
  } catch (error) {
    if (error instanceof OutboundError) return error;
    throw error;
  }
}

export type SignatureVerdict = 'valid' | 'unsigned' | 'unknown_key' | 'bad_signature' | 'stale';

/** `headers` in lower case; the key is chosen by the Wechatpay-Serial of this very message. */
export function judgeSignature(
  account: MerchantAccount,
  headers: Readonly<Record<string, string>>,
  signed: { body: Buffer; real: Date },
): SignatureVerdict {
  const timestamp = headers['wechatpay-timestamp'];
  const nonce = headers['wechatpay-nonce'];
  const serial = headers['wechatpay-serial'];
  const signature = headers['wechatpay-signature'];
  if (!timestamp || !nonce || !serial || !signature) return 'unsigned';
  const key = account.key_ring.get(serial);
  if (!key) return 'unknown_key';
  const message = answerMessage({ timestamp, nonce, body: signed.body });
  if (!rsaVerify(key, message, signature)) return 'bad_signature';
  return isFresh(timestamp, signed.real) ? 'valid' : 'stale';
}

type TraceBase = Pick<WalletTrace, 'operation' | 'duration_ms' | 'request'>;

function judge(
  client: Client,
  account: MerchantAccount,
  answer: OutboundAnswer,
  base: TraceBase,
): CallResult {
  const { status, headers } = answer;
  const text = answer.body.toString('utf8');
  const requestId = headers['request-id'];
  const error = status >= 400 ? parseWireError(text) : undefined;
  const content = text === '' ? {} : parseWireObject(text);
  const trace: WalletTrace = {
    ...base,
    http_status: status,
    ...(requestId === undefined ? {} : { wallet_request_id: requestId.slice(0, 128) }),
    ...(error ? { wallet_code: error.code, wallet_message: error.message } : {}),
    answer: maskWire(content ?? text),
  };
  const signature = judgeSignature(account, headers, {
    body: answer.body,
    real: client.environment.real(),
  });
  const unknown = (cause: string): CallResult => ({ kind: 'unknown', cause, trace });
  if (status >= 500) return unknown(`HTTP ${status} ${error?.code ?? ''}`.trim());
  if (signature !== 'valid') return unknown(`HTTP ${status} answer not trusted: ${signature}`);
  if (status >= 200 && status < 300) {
    return content ? { kind: 'answer', content, trace } : unknown('answer is not a JSON object');
  }
  if (!error) return unknown(`HTTP ${status} without an error body`);
  const code = canonicalCode(error.code);
  const internal = internalCode(requestId);
  return { kind: 'error', status, code, internal, message: error.message, trace };
}
