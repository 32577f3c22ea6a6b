import { performance } from 'node:perf_hooks';
import type { RespCode } from '../../../protocols/union-pay/codes.ts';
import {
  decodeForm,
  encodeAnswer,
  type Message,
  messageOf,
} from '../../../protocols/union-pay/message.ts';
import type { Fault, FaultSetting } from '../../faults.ts';
import type { SignatureVerdict } from '../../requests.ts';
import type { UnionPay } from '../books.ts';
import { rotate } from '../rotate.ts';
import { signAnswer } from '../sign.ts';
import { type Call, WireRefusal } from './call.ts';
import { RateLimit } from './rate.ts';
import { callName, type Fields, type Route } from './route.ts';
import { routeOf } from './routes.ts';
import { Unverified, verifyRequest } from './verify.ts';

/**
 * The gateway for programs: a signed form in, a signed raw text out, HTTP 200 whatever the answer.
 */
export type WireReply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      /** Only half of the body leaves, then the connection breaks. */
      readonly cut: boolean;
      readonly after_ms: number;
    }
  | { readonly kind: 'silence' }
  | { readonly kind: 'reset' };

interface Exchange {
  code: string;
  reason: string | null;
  caller: string | null;
  signature: SignatureVerdict;
  fault: Fault | null;
}

const HEADERS = { 'content-type': 'text/html;charset=UTF-8', 'cache-control': 'no-store' };
const SLOW_MS = 3_000;
const BROKEN = { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>502</h1>' };
const BEFORE: readonly Fault[] = [
  'connection_reset',
  'timeout_before_effect',
  'error_before_effect',
];
const AFTER: readonly Fault[] = [
  'timeout_after_effect',
  'error_after_effect',
  'answer_cut',
  'answer_slow',
  'answer_probed',
  'answer_unsigned',
];

const ECHOED = [
  'version',
  'encoding',
  'signMethod',
  'txnType',
  'txnSubType',
  'bizType',
  'accessType',
  'merId',
  'orderId',
  'txnTime',
  'reqReserved',
];

function echoOf(message: Message): Record<string, string> {
  const echo: Record<string, string> = {};
  for (const name of ECHOED) {
    const value = message.get(name);
    // A raw answer has no way to write these outside braces.
    if (value && value.length <= 1024 && !/[&\r\n]/.test(value)) echo[name] = value;
  }
  return echo;
}

export class Gateway {
  readonly #union: UnionPay;
  readonly #rate = new RateLimit();

  constructor(union: UnionPay) {
    this.#union = union;
  }

  /** `file` is the last part of the address. */
  async answer(file: string, body: string): Promise<WireReply> {
    const started = performance.now();
    const message = decodeForm(body) ?? new Map<string, string>();
    const operation = operationOf(file, message);
    const exchange: Exchange = {
      code: '',
      reason: null,
      caller: null,
      signature: { state: 'not_checked', hint: '' },
      fault: null,
    };
    const reply = await this.#reply(file, message, operation, exchange);
    this.#union.options.requests.add({
      method: 'POST',
      target: `/${file}`,
      operation,
      caller: exchange.caller,
      status: reply.kind === 'answer' ? reply.status : 0,
      verdict: exchange.code === '00' ? 'ok' : exchange.code || 'fault',
      reason: exchange.reason,
      signature: exchange.signature,
      duration_ms: Math.round(performance.now() - started),
      wallet_request_id: null,
      request_body: body,
      answer_body: reply.kind === 'answer' ? reply.body : '',
      fault: exchange.fault,
    });
    return reply;
  }

  #strikes(faults: readonly Fault[], operation: string): FaultSetting | undefined {
    for (const fault of faults) {
      const struck = this.#union.options.faults.strikes(fault, { operation });
      if (struck) return struck;
    }
    return undefined;
  }

  async #reply(
    file: string,
    message: Message,
    operation: string,
    exchange: Exchange,
  ): Promise<WireReply> {
    const before = this.#strikes(BEFORE, operation);
    if (before) {
      exchange.fault = before.fault;
      if (before.fault === 'connection_reset') return { kind: 'reset' };
      if (before.fault === 'timeout_before_effect') return { kind: 'silence' };
      return { kind: 'answer', ...BROKEN, cut: false, after_ms: 0 };
    }
    if (this.#union.options.faults.strikes('key_rotated', { operation })) {
      exchange.fault = 'key_rotated';
      await rotate(this.#union);
    }
    const answer = await this.#answer(file, message, operation, exchange);
    const after = this.#strikes(AFTER, operation);
    if (after) exchange.fault = after.fault;
    return this.#dress(answer, after);
  }

  async #dress(answer: Message, fault: FaultSetting | undefined): Promise<WireReply> {
    const struck = (name: Fault) => fault?.fault === name;
    if (struck('timeout_after_effect')) return { kind: 'silence' };
    if (struck('error_after_effect')) {
      return { kind: 'answer', ...BROKEN, cut: false, after_ms: 0 };
    }
    const signed = struck('answer_unsigned')
      ? answer
      : await signAnswer(this.#union, answer, { wrong: struck('answer_probed') });
    return {
      kind: 'answer',
      status: 200,
      headers: HEADERS,
      body: encodeAnswer(signed),
      cut: struck('answer_cut'),
      after_ms: struck('answer_slow') ? (fault?.delay_ms ?? SLOW_MS) : 0,
    };
  }

  async #answer(
    file: string,
    message: Message,
    operation: string,
    exchange: Exchange,
  ): Promise<Message> {
    let code: RespCode = '00';
    let text = '成功[0000000]';
    let fields: Fields = {};
    try {
      fields = await this.#run(file, message, operation, exchange);
      await this.#union.options.store.committed();
    } catch (error) {
      const refusal = error instanceof WireRefusal ? error : new WireRefusal('06', String(error));
      if (refusal instanceof Unverified) exchange.signature = refusal.signature;
      code = refusal.code;
      text = refusal.text;
      exchange.reason = text;
      fields = {};
    }
    exchange.code = code;
    return messageOf({ ...echoOf(message), ...fields, respCode: code, respMsg: text });
  }

  async #run(
    file: string,
    message: Message,
    operation: string,
    exchange: Exchange,
  ): Promise<Fields> {
    if (message.size === 0) throw new WireRefusal('10', 'the body is no form of single fields');
    const { merchant, signature } = verifyRequest(this.#union, message);
    exchange.signature = signature;
    exchange.caller = merchant.mer_id;
    const route = this.#routeOf(file, message);
    this.#checkRate(route, merchant.mer_id, operation);
    const call: Call = { union: this.#union, merchant, message };
    return route.run(call);
  }

  #routeOf(file: string, message: Message): Route {
    const types = [message.get('txnType') ?? '', message.get('txnSubType') ?? ''] as const;
    const route = routeOf(file, ...types);
    if (!route) throw new WireRefusal('32', `${file} has no ${types.join('/')} here`);
    return route;
  }

  #checkRate(route: Route, caller: string, operation: string): void {
    const { faults, rate_limits, clock } = this.#union.options;
    if (faults.strikes('rate_limited', { operation })) throw new WireRefusal('37');
    if (!rate_limits || route.per_second === undefined) return;
    if (!this.#rate.allows(`${caller} ${route.call}`, route.per_second, clock.real())) {
      throw new WireRefusal('37', `more than ${route.per_second} a second`);
    }
  }
}

function operationOf(file: string, message: Message): string {
  const type = (name: string) => (message.get(name) ?? '?').slice(0, 2);
  return callName(file.slice(0, 64), type('txnType'), type('txnSubType'));
}
