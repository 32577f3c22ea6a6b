import type { KeyObject } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Outbound, type OutboundAnswer, OutboundError } from '../../outbound.ts';
import { CallGate } from '../call-gate.ts';
import type { WalletCall } from '../calls.ts';
import type { Refused, Unknown, WalletEnvironment, WalletTrace } from '../wallet.ts';
import type { AlipayAccount } from './account.ts';
import { BILL_FILE } from './bills/calls.ts';
import { CALLS } from './calls.ts';
import { masked } from './mask.ts';
import { believe, type RawAnswer } from './trust/answer.ts';
import { type GatewayCall, outgoing, signedParameters } from './trust/outgoing.ts';
import { isUndecided, refusalCode } from './trust/refusals.ts';
import { KeyRing } from './trust/ring.ts';

export type { GatewayCall } from './trust/outgoing.ts';

/**
 * One call of a method, by gateway.do or OpenAPI v3 as the account says: through the gate, signed,
 * sent once, and believed only after the answer verified. Timeout and rate are those of the
 * method's row in the table of calls.
 */
export type Value = Readonly<Record<string, unknown>>;

export type GatewayAnswer =
  | {
      readonly kind: 'answered';
      readonly code: string;
      readonly sub_code: string;
      readonly message: string;
      readonly value: Value;
      readonly trace: WalletTrace;
    }
  /** Nothing can have reached the wallet. */
  | {
      readonly kind: 'unreachable';
      readonly code: 'rate_limited' | 'wallet_error';
      readonly message: string;
      readonly trace: WalletTrace;
    }
  | Unknown;

export type Sent =
  | { readonly kind: 'came'; readonly raw: RawAnswer; readonly encrypted: boolean }
  | { readonly kind: 'failed'; readonly error: OutboundError }
  /** Refused on this side, before any byte left. */
  | {
      readonly kind: 'held';
      readonly code: 'rate_limited' | 'wallet_error';
      readonly message: string;
    };

const MAX_ANSWER_BYTES = 1_048_576;

export class Gateway {
  readonly #environment: WalletEnvironment;
  readonly #outbound = new Outbound();
  readonly #gate: CallGate;
  readonly #ring: KeyRing;
  readonly #rules: ReadonlyMap<string, WalletCall>;

  constructor(environment: WalletEnvironment, calls: readonly WalletCall[] = CALLS) {
    this.#environment = environment;
    this.#rules = new Map(calls.map((call) => [call.operation, call]));
    this.#gate = new CallGate({ real: environment.real });
    this.#ring = new KeyRing({
      real: environment.real,
      fetch: async (account, call) => {
        const sent = await this.send(account, call);
        return sent.kind === 'came' ? sent.raw : undefined;
      },
    });
  }

  real(): Date {
    return this.#environment.real();
  }

  /** All parameters of a gateway.do call, signed: what a page link carries, always in the clear. */
  parameters(account: AlipayAccount, call: GatewayCall): Promise<Map<string, string>> {
    const { aes_key: _hidden, ...clear } = account;
    return signedParameters(clear, call, this.#environment.real());
  }

  /** The key that signed an answer, looked up at the wallet when it is not known yet. */
  keyOf(account: AlipayAccount, sn: string | undefined): Promise<KeyObject | undefined> {
    return this.#ring.keyOf(account, sn, 'answer');
  }

  /** The same for a notification; without a number, the key the wallet signs with now. */
  keyOfLetter(account: AlipayAccount, sn: string | undefined): Promise<KeyObject | undefined> {
    return sn === undefined
      ? this.#ring.newest(account)
      : this.#ring.keyOf(account, sn, 'notification');
  }

  /** Sends and hands back what came, unverified. */
  async send(account: AlipayAccount, call: GatewayCall): Promise<Sent> {
    const rules = this.#rules.get(call.method);
    const { host } = new URL(account.gateway);
    const verdict = await this.#gate.enter({
      host,
      account: account.id,
      operation: call.method,
      ...(rules?.per_second !== undefined && { per_second: rules.per_second }),
    });
    if (verdict.kind === 'too_many') {
      const message = `not sent: Alipay takes ${rules?.per_second} calls a second of this kind`;
      return { kind: 'held', code: 'rate_limited', message };
    }
    if (verdict.kind === 'circuit_open') {
      const until = verdict.retry_at.toISOString();
      const message = `not sent: ${host} failed too often and is left alone until ${until}`;
      return { kind: 'held', code: 'wallet_error', message };
    }
    let broken = true;
    try {
      const request = await outgoing(account, call, this.#environment.real());
      const answer = await this.#outbound.send({
        method: request.verb,
        url: request.url,
        headers: request.headers,
        ...(request.body !== undefined && { body: request.body }),
        timeout_ms: rules?.timeout_ms ?? this.#environment.timeout_ms,
        max_answer_bytes: MAX_ANSWER_BYTES,
      });
      broken = answer.status >= 500;
      const { status, headers } = answer;
      const raw = { status, headers, text: answer.body.toString('utf8') };
      return { kind: 'came', raw, encrypted: request.encrypted };
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      return { kind: 'failed', error };
    } finally {
      this.#gate.leave(host, broken ? 'broken' : 'answered');
    }
  }

  /** Never throws for what the wallet or the network may do. */
  async call(account: AlipayAccount, call: GatewayCall): Promise<GatewayAnswer> {
    const started = performance.now();
    const sent = await this.send(account, call);
    const trace = (rest: Partial<WalletTrace>): WalletTrace => ({
      operation: call.method,
      duration_ms: Math.round(performance.now() - started),
      request: requestTrace(call),
      ...rest,
    });
    switch (sent.kind) {
      case 'held':
        return unreachable(sent.code, sent.message, trace);
      case 'failed': {
        const { message } = sent.error;
        if (!sent.error.sent) return unreachable('wallet_error', `unreachable: ${message}`, trace);
        return { kind: 'unknown', cause: message, trace: trace({ wallet_message: message }) };
      }
      case 'came':
        return this.#judge(account, call, sent, trace);
      default:
        return sent satisfies never;
    }
  }

  async #judge(
    account: AlipayAccount,
    { method }: GatewayCall,
    { raw, encrypted }: Extract<Sent, { kind: 'came' }>,
    trace: (rest: Partial<WalletTrace>) => WalletTrace,
  ): Promise<GatewayAnswer> {
    const request_id = raw.headers['alipay-trace-id'] ?? raw.headers['trace_id'];
    const base = {
      http_status: raw.status,
      ...(request_id !== undefined && { wallet_request_id: request_id }),
    };
    const keyOf = (sn: string | undefined) => this.keyOf(account, sn);
    const real = this.real();
    const believed = await believe({ account, method, raw, encrypted, real, keyOf });
    if (believed.kind === 'doubted') {
      const { reason, said } = believed;
      const cause = raw.status === 200 ? `the answer cannot be believed: ${reason}` : reason;
      const claim = said?.sub_code ? ` (it says ${said.sub_code})` : '';
      return { kind: 'unknown', cause, trace: trace({ ...base, wallet_message: cause + claim }) };
    }
    const { code, sub_code, message, value } = believed;
    const full = trace({
      ...base,
      wallet_code: sub_code || code,
      ...(message !== '' && { wallet_message: message.slice(0, 1000) }),
      answer: masked(value),
    });
    if (isUndecided(believed)) return { kind: 'unknown', cause: sub_code || code, trace: full };
    return { kind: 'answered', code, sub_code, message, value, trace: full };
  }

  /** A file behind a link, neither signed nor believed here; throws OutboundError. */
  download(link: string, max_bytes: number): Promise<OutboundAnswer> {
    return this.#outbound.send({
      method: 'GET',
      url: link,
      headers: { accept: '*/*' },
      timeout_ms: this.#rules.get(BILL_FILE)?.timeout_ms ?? this.#environment.timeout_ms,
      max_answer_bytes: max_bytes,
    });
  }

  stop(): void {
    this.#outbound.stop();
  }
}

function unreachable(
  code: 'rate_limited' | 'wallet_error',
  message: string,
  trace: (rest: Partial<WalletTrace>) => WalletTrace,
): GatewayAnswer {
  return { kind: 'unreachable', code, message, trace: trace({ wallet_message: message }) };
}

export function requestTrace(call: GatewayCall): Readonly<Record<string, unknown>> {
  const { biz_content, notify_url, return_url, file } = call;
  return {
    ...(notify_url !== undefined && { notify_url }),
    ...(return_url !== undefined && { return_url }),
    ...(biz_content && { biz_content: masked(biz_content) }),
    ...(file && { file: { filename: file.filename, bytes: file.bytes.length } }),
  };
}

/** A definite no of the wallet. */
export function refusedBy(answer: Extract<GatewayAnswer, { kind: 'answered' }>): Refused {
  const message = `${answer.sub_code || answer.code}: ${answer.message}`.slice(0, 1000);
  return { kind: 'refused', code: refusalCode(answer), message, trace: answer.trace };
}

/**
 * For calls about something that an earlier call may have begun: not reaching the wallet says
 * nothing of what is there, so the outcome stays open.
 */
export function undecided(answer: Exclude<GatewayAnswer, { kind: 'answered' }>): Unknown {
  if (answer.kind === 'unknown') return answer;
  return { kind: 'unknown', cause: answer.message, trace: answer.trace };
}
