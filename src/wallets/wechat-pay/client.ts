import { Outbound, type OutboundAnswer } from '../../outbound.ts';
import { canonicalCode, internalCode, parseWireError } from '../../protocols/wechat-pay/errors.ts';
import { parseWireObject, type WireObject } from '../../protocols/wechat-pay/messages.ts';
import { CallGate } from '../call-gate.ts';
import type { WalletEnvironment, WalletTrace } from '../wallet.ts';
import type { MerchantAccount } from './account.ts';
import { CALLS } from './calls.ts';
import { maskObject, maskWire } from './mask.ts';
import { Echoes } from './trust/echoes.ts';
import { judge } from './trust/judge.ts';
import { CertificateRing } from './trust/ring.ts';
import { type Client, type Sent, send } from './trust/send.ts';

export type { Client } from './trust/send.ts';

/**
 * One signed call. The bytes that are signed are the bytes that are sent, and an answer counts
 * only under a valid signature: a 2xx without one, an error without one and every 5xx leave the
 * outcome unknown. Timeout, rate and second host are those of the operation's row in `calls.ts`.
 */
export interface Call {
  readonly method: 'GET' | 'POST';
  /** Path and query, encoded. */
  readonly target: string;
  /** The path with its variables in braces: with the method, the key of the table of calls. */
  readonly operation: string;
  readonly body?: WireObject;
  /** Where fields of the body are encrypted: `Sealer.serial` of the key that did it. */
  readonly serial?: string;
}

export type CallResult =
  | {
      readonly kind: 'answer';
      /** 200, 204, or 202 for what is accepted and not yet done. */
      readonly status: number;
      readonly content: WireObject;
      readonly trace: WalletTrace;
    }
  | NotAnswered;

export type NotAnswered =
  | WalletError
  | { readonly kind: 'unknown'; readonly cause: string; readonly trace: WalletTrace }
  /** No byte of the request can have left. */
  | {
      readonly kind: 'unreachable';
      readonly code: 'rate_limited' | 'wallet_error';
      readonly message: string;
      readonly trace: WalletTrace;
    };

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

const MAX_ANSWER_BYTES = 256 * 1024;

export function openClient(environment: WalletEnvironment): Client {
  return {
    environment,
    outbound: new Outbound(),
    certified: new Map(),
    gate: new CallGate({ real: environment.real }),
    ring: new CertificateRing(),
    echoes: new Echoes(),
    calls: new Map(CALLS.map((call) => [call.operation, call])),
  };
}

export async function callWallet(
  client: Client,
  account: MerchantAccount,
  call: Call,
): Promise<CallResult> {
  const body = call.body === undefined ? '' : JSON.stringify(call.body);
  const started = performance.now();
  const sent = await send(client, account, {
    method: call.method,
    target: call.target,
    operation: `${call.method} ${call.operation}`,
    signed: body,
    ...(body === '' ? {} : { body, content_type: 'application/json' }),
    serial: call.serial,
    max_answer_bytes: MAX_ANSWER_BYTES,
  });
  return judgeSent(client, account, { sent, started, call });
}

export interface Exchange {
  readonly sent: Sent;
  /** As `performance.now()` said before the call. */
  readonly started: number;
  readonly call: Call;
}

/** What came of a call whose answer is JSON. */
export async function judgeSent(
  client: Client,
  account: MerchantAccount,
  exchange: Exchange,
): Promise<CallResult> {
  const { sent } = exchange;
  if (sent.kind !== 'answered') return notAnswered(sent, exchange);
  const { answer } = sent;
  const { status, headers } = answer;
  const text = answer.body.toString('utf8');
  const error = status >= 400 ? parseWireError(text) : undefined;
  const content = text === '' ? {} : parseWireObject(text);
  const trace = { ...traceOf(exchange, answer), answer: maskWire(content ?? text) };
  const unknown = (cause: string): CallResult => ({ kind: 'unknown', cause, trace });
  if (status >= 500) return unknown(`HTTP ${status} ${error?.code ?? ''}`.trim());
  const real = client.environment.real();
  const signature = await judge(client, account, { headers, body: answer.body, real });
  if (signature !== 'valid') return unknown(`HTTP ${status} answer not trusted: ${signature}`);
  client.ring.keepFresh(client, account);
  if (status >= 200 && status < 300) {
    return content
      ? { kind: 'answer', status, content, trace }
      : unknown('answer is not a JSON object');
  }
  if (!error) return unknown(`HTTP ${status} without an error body`);
  const code = canonicalCode(error.code);
  const internal = internalCode(headers['request-id']);
  const { serial = account.public_key_id } = exchange.call;
  if (serial !== account.public_key_id && code === 'PARAM_ERROR') {
    // Perhaps the certificate that encrypted the fields is gone: the next try has a newer one.
    await client.ring.refresh(client, account);
  }
  return { kind: 'error', status, code, internal, message: error.message, trace };
}

/** Answer fields but the content; error code and sentence where the answer is a refusal. */
export function traceOf(exchange: Exchange, answer: OutboundAnswer): WalletTrace {
  const { status, headers } = answer;
  const requestId = headers['request-id'];
  const error = status >= 400 ? parseWireError(answer.body.toString('utf8')) : undefined;
  return {
    ...traceBase(exchange),
    http_status: status,
    ...(requestId === undefined ? {} : { wallet_request_id: requestId.slice(0, 128) }),
    ...(error ? { wallet_code: error.code, wallet_message: error.message } : {}),
  };
}

function traceBase({ call, started, sent }: Exchange): WalletTrace {
  return {
    operation: `${call.method} ${call.operation}`,
    duration_ms: Math.round(performance.now() - started),
    request: {
      target: call.target,
      ...(sent.kind === 'answered' ? { endpoint: sent.endpoint } : {}),
      ...(call.body ? { body: maskObject(call.body) } : {}),
    },
  };
}

export function notAnswered(
  sent: Exclude<Sent, { kind: 'answered' }>,
  exchange: Exchange,
): NotAnswered {
  const base = traceBase(exchange);
  if (sent.kind === 'held') {
    const trace = { ...base, wallet_message: sent.message };
    return { kind: 'unreachable', code: sent.code, message: sent.message, trace };
  }
  const { kind, message } = sent.error;
  const trace = { ...base, wallet_message: message };
  if (sent.error.sent) return { kind: 'unknown', cause: `${kind}: ${message}`, trace };
  const reason = `WeChat Pay cannot be reached: ${message}`;
  return { kind: 'unreachable', code: 'wallet_error', message: reason, trace };
}
