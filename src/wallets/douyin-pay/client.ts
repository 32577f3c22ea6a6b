import { Outbound, OutboundError } from '../../outbound.ts';
import { signRequest } from '../../protocols/douyin-pay/signature.ts';
import {
  parseWireObject,
  textField,
  type WireObject,
} from '../../protocols/wechat-pay/messages.ts';
import { CallGate } from '../call-gate.ts';
import type { RefusalCode, Refused, Unknown, WalletEnvironment, WalletTrace } from '../wallet.ts';
import type { DouyinAccount } from './account.ts';
import { CALLS } from './calls.ts';
import { masked } from './mask.ts';
import { Trust } from './trust.ts';

/**
 * One signed call. An answer counts only under a valid signature: a 2xx without one, an error
 * without one and every 5xx leave the outcome unknown.
 */
export interface Call {
  readonly method: 'GET' | 'POST';
  /** Path and query, encoded. */
  readonly target: string;
  /** The path with its variables in braces; the target when absent. */
  readonly operation?: string;
  readonly body?: WireObject;
}

export type Sent =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
    }
  /** No byte of the request can have left. */
  | { readonly kind: 'unsent'; readonly code: RefusalCode; readonly message: string }
  | { readonly kind: 'broken'; readonly message: string };

export type Exchange = (account: DouyinAccount, call: Call) => Promise<Sent>;

export type CallResult =
  | { readonly kind: 'answer'; readonly content: WireObject; readonly trace: WalletTrace }
  | (Refused & { readonly wallet_code: string })
  | Unknown;

const MAX_ANSWER_BYTES = 256 * 1024;

const REFUSALS: Readonly<Record<string, RefusalCode>> = {
  ORDER_PAID: 'already_paid',
  ORDERPAID: 'already_paid',
  ORDER_CLOSED: 'already_closed',
  ORDER_NOT_EXIST: 'not_found',
  RESOURCE_NOT_EXISTS: 'not_found',
  OUT_TRADE_NO_USED: 'reference_reused',
  NOT_ENOUGH: 'insufficient_funds',
  FREQUENCY_LIMITED: 'rate_limited',
  NO_AUTH: 'not_permitted',
  SIGN_ERROR: 'bad_credentials',
  MCH_NOT_EXISTS: 'bad_credentials',
  APPID_MCHID_NOT_MATCH: 'bad_credentials',
  PARAM_ERROR: 'invalid_request',
  INVALID_REQUEST: 'invalid_request',
};

export class Client {
  readonly #environment: WalletEnvironment;
  readonly #outbound = new Outbound();
  readonly #gate: CallGate;
  readonly trust: Trust;

  constructor(environment: WalletEnvironment) {
    this.#environment = environment;
    this.#gate = new CallGate({ real: environment.real });
    this.trust = new Trust((account, call) => this.exchange(account, call));
  }

  get real(): () => Date {
    return this.#environment.real;
  }

  /** Sends and gives what came back, unjudged. */
  async exchange(account: DouyinAccount, call: Call): Promise<Sent> {
    const { method, target } = call;
    const operation = `${method} ${call.operation ?? target}`;
    const row = CALLS.find((each) => each.operation === operation);
    const { host } = new URL(account.endpoint);
    const limit = row?.per_second === undefined ? {} : { per_second: row.per_second };
    const gate = await this.#gate.enter({ host, account: account.id, operation, ...limit });
    if (gate.kind === 'circuit_open') {
      const message = 'Douyin Pay did not answer of late; calls wait a moment.';
      return { kind: 'unsent', code: 'wallet_error', message };
    }
    if (gate.kind === 'too_many') {
      const message = 'The wallet takes no more such calls a second.';
      return { kind: 'unsent', code: 'rate_limited', message };
    }
    const sent = await this.#send(account, call, row?.timeout_ms);
    this.#gate.leave(host, sent.kind === 'answered' && sent.status < 500 ? 'answered' : 'broken');
    return sent;
  }

  async #send(account: DouyinAccount, call: Call, timeout_ms?: number): Promise<Sent> {
    const { method, target } = call;
    const body = call.body === undefined ? '' : JSON.stringify(call.body);
    const now = this.#environment.real();
    const authorization = await signRequest(account, { method, target, body, now });
    try {
      const answer = await this.#outbound.send({
        method,
        url: account.endpoint + target,
        headers: {
          Accept: 'application/json',
          'User-Agent': 'hutong',
          Authorization: authorization,
          ...(body === '' ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === '' ? {} : { body }),
        timeout_ms: timeout_ms ?? this.#environment.timeout_ms,
        max_answer_bytes: MAX_ANSWER_BYTES,
      });
      return { kind: 'answered', ...answer };
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      if (error.sent) return { kind: 'broken', message: `${error.kind}: ${error.message}` };
      const message = `Douyin Pay cannot be reached: ${error.message}`;
      return { kind: 'unsent', code: 'wallet_error', message };
    }
  }

  /** Never throws for what the wallet or the network may do. */
  async call(account: DouyinAccount, call: Call): Promise<CallResult> {
    const started = performance.now();
    const sent = await this.exchange(account, call);
    const base: WalletTrace = {
      operation: `${call.method} ${call.operation ?? call.target}`,
      duration_ms: Math.round(performance.now() - started),
      request: { target: call.target, ...(call.body ? { body: masked(call.body) } : {}) },
    };
    if (sent.kind === 'broken') return { kind: 'unknown', cause: sent.message, trace: base };
    if (sent.kind === 'unsent') {
      const { code, message } = sent;
      return { kind: 'refused', code, message, wallet_code: '', trace: base };
    }
    return this.#judge(account, sent, base);
  }

  async #judge(
    account: DouyinAccount,
    sent: Extract<Sent, { kind: 'answered' }>,
    base: WalletTrace,
  ): Promise<CallResult> {
    const { status, headers } = sent;
    const text = sent.body.toString('utf8');
    const content = text === '' ? {} : parseWireObject(text);
    const code = status >= 400 && content ? (textField(content, 'code') ?? '') : '';
    const said = (content && textField(content, 'message')) ?? '';
    const request_id = headers['request-id'];
    const trace: WalletTrace = {
      ...base,
      http_status: status,
      ...(request_id === undefined ? {} : { wallet_request_id: request_id.slice(0, 128) }),
      ...(code === '' ? {} : { wallet_code: code, wallet_message: said.slice(0, 500) }),
      answer: content ? masked(content) : text.slice(0, 512),
    };
    const unknown = (cause: string): CallResult => ({ kind: 'unknown', cause, trace });
    if (status >= 500) return unknown(`HTTP ${status} ${code}`.trim());
    const signed = { headers, body: sent.body, real: this.#environment.real() };
    const verdict = await this.trust.judge(account, signed, 'answer');
    if (verdict !== 'valid') return unknown(`HTTP ${status} answer not trusted: ${verdict}`);
    if (status >= 200 && status < 300) {
      return content
        ? { kind: 'answer', content, trace }
        : unknown('the answer is not a JSON object');
    }
    if (code === '') return unknown(`HTTP ${status} without an error code`);
    const refusal = (Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined) ?? 'wallet_error';
    const message = `${code}: ${said}`.slice(0, 500);
    return { kind: 'refused', code: refusal, message, wallet_code: code, trace };
  }

  stop(): void {
    this.#outbound.stop();
  }
}

/** A signed answer that does not say what it should: the wallet has acted, nobody knows how. */
export function unreadable(trace: WalletTrace, what: string): Unknown {
  return { kind: 'unknown', cause: `the answer is not understood: ${what}`, trace };
}
