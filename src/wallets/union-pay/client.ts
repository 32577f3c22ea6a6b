import { performance } from 'node:perf_hooks';
import { Outbound, type OutboundAnswer, OutboundError } from '../../outbound.ts';
import { isUndecided } from '../../protocols/union-pay/codes.ts';
import {
  decodeAnswer,
  encodeForm,
  type Message,
  messageOf,
  withoutEmpty,
} from '../../protocols/union-pay/message.ts';
import {
  ENCODING,
  SIGN_METHOD_RSA,
  signMessage,
  VERSION,
} from '../../protocols/union-pay/signature.ts';
import { CallGate } from '../call-gate.ts';
import type { Unknown, WalletEnvironment, WalletTrace } from '../wallet.ts';
import type { UnionPayAccount } from './account.ts';
import { CALLS } from './calls.ts';
import { masked } from './mask.ts';

/**
 * One signed call of a gateway. An answer counts only under a certificate and signature of
 * UnionPay's; anything else leaves the outcome unknown. Timeout and rate are those of the
 * operation's row in `calls.ts`.
 */
export type Fields = Readonly<Record<string, string | undefined>>;

export interface Call {
  readonly operation: string;
  readonly fields: Fields;
  /** Longest answer, bytes; the usual one when absent. */
  readonly max_answer_bytes?: number;
}

export interface Answered {
  readonly kind: 'answered';
  readonly code: string;
  readonly message: Message;
  readonly trace: WalletTrace;
}

export type CallResult =
  | Answered
  /** Nothing can have reached the wallet. */
  | {
      readonly kind: 'unreachable';
      readonly code: 'rate_limited' | 'wallet_error';
      readonly message: string;
      readonly trace: WalletTrace;
    }
  | Unknown;

const MAX_ANSWER_BYTES = 65_536;
const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';
const FILE_GATEWAY = 'fileTransfer';

export class Client {
  readonly environment: WalletEnvironment;
  readonly #outbound = new Outbound();
  readonly #gate: CallGate;
  readonly #calls = new Map(CALLS.map((call) => [call.operation, call]));

  constructor(environment: WalletEnvironment) {
    this.environment = environment;
    this.#gate = new CallGate({ real: environment.real });
  }

  /** The whole signed message of a call: what a browser's form carries and a call posts. */
  message(account: UnionPayAccount, call: Pick<Call, 'operation' | 'fields'>): Promise<Message> {
    const [, types = ''] = call.operation.split(' ');
    const [txnType, txnSubType] = types.split('/');
    return signMessage(
      account.private_key,
      messageOf({
        version: VERSION,
        encoding: ENCODING,
        signMethod: SIGN_METHOD_RSA,
        certId: account.cert_id,
        accessType: '0',
        merId: account.mer_id,
        txnType,
        txnSubType,
        ...call.fields,
      }),
    );
  }

  /** Never throws for what the wallet or the network may do. */
  async call(account: UnionPayAccount, call: Call): Promise<CallResult> {
    const started = performance.now();
    const trace = (rest: Partial<WalletTrace>): WalletTrace => ({
      operation: call.operation,
      duration_ms: Math.round(performance.now() - started),
      request: masked(messageOf(call.fields)),
      ...rest,
    });
    const url = addressOf(account, call.operation);
    const held = await this.#enter(account, call.operation, url);
    if (held) return { ...held, trace: trace({ wallet_message: held.message }) };
    let broken = true;
    try {
      const answer = await this.send(account, call, url);
      broken = answer.status >= 500;
      return this.#judge(account, call, answer, trace);
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      const { message, sent } = error;
      if (sent)
        return { kind: 'unknown', cause: message, trace: trace({ wallet_message: message }) };
      const said = `UnionPay cannot be reached: ${message}`;
      return {
        kind: 'unreachable',
        code: 'wallet_error',
        message: said,
        trace: trace({ wallet_message: said }),
      };
    } finally {
      this.#gate.leave(new URL(url).host, broken ? 'broken' : 'answered');
    }
  }

  /** Sends and returns what came, unverified; throws OutboundError. */
  async send(account: UnionPayAccount, call: Call, url: string): Promise<OutboundAnswer> {
    const message = await this.message(account, call);
    return this.#outbound.send({
      method: 'POST',
      url,
      headers: { 'content-type': FORM },
      body: encodeForm(message),
      timeout_ms: this.#calls.get(call.operation)?.timeout_ms ?? this.environment.timeout_ms,
      max_answer_bytes: call.max_answer_bytes ?? MAX_ANSWER_BYTES,
    });
  }

  stop(): void {
    this.#outbound.stop();
  }

  async #enter(account: UnionPayAccount, operation: string, url: string) {
    const per_second = this.#calls.get(operation)?.per_second;
    const { host } = new URL(url);
    const verdict = await this.#gate.enter({
      host,
      account: account.id,
      operation,
      ...(per_second !== undefined && { per_second }),
    });
    switch (verdict.kind) {
      case 'go':
        return undefined;
      case 'too_many':
        return {
          kind: 'unreachable',
          code: 'rate_limited',
          message: `Not sent: UnionPay takes ${per_second} calls a second of this kind.`,
        } as const;
      case 'circuit_open':
        return {
          kind: 'unreachable',
          code: 'wallet_error',
          message: `Not sent: ${host} failed too often and is left alone for a moment.`,
        } as const;
      default:
        return verdict satisfies never;
    }
  }

  #judge(
    account: UnionPayAccount,
    call: Call,
    answer: OutboundAnswer,
    trace: (rest: Partial<WalletTrace>) => WalletTrace,
  ): CallResult {
    const http_status = answer.status;
    const unknown = (cause: string): Unknown => ({
      kind: 'unknown',
      cause,
      trace: trace({ http_status, wallet_message: cause.slice(0, 500) }),
    });
    if (answer.status !== 200) return unknown(`HTTP status ${answer.status}`);
    const text = answer.body.toString('utf8');
    const decoded = decodeAnswer(text, call.max_answer_bytes ?? MAX_ANSWER_BYTES);
    if (!decoded) return unknown('the answer is no message');
    const message = withoutEmpty(decoded);
    const belief = account.signers.judge(message, this.environment.real());
    if (!belief.ok) return unknown(`the answer cannot be believed: ${belief.message}`);
    if (message.get('merId') !== account.mer_id) {
      return unknown('the answer is about another merchant');
    }
    const code = message.get('respCode') ?? '';
    const full = trace({
      http_status,
      wallet_code: code,
      wallet_message: (message.get('respMsg') ?? '').slice(0, 500),
      answer: masked(message),
    });
    if (isUndecided(code) || code === '') {
      return { kind: 'unknown', cause: `respCode ${code}`, trace: full };
    }
    return { kind: 'answered', code, message, trace: full };
  }
}

export function addressOf(account: UnionPayAccount, operation: string): string {
  const [file = ''] = operation.split(' ');
  if (file === FILE_GATEWAY) return account.file_gateway;
  return `${account.gateway.replace(/\/+$/, '')}/${file}`;
}
