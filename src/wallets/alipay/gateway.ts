import { performance } from 'node:perf_hooks';
import { shanghaiStamp } from '../../clock.ts';
import { Outbound, OutboundError } from '../../outbound.ts';
import { encodeForm } from '../../protocols/alipay/parameters.ts';
import {
  type CommonParameters,
  requestParameters,
  signRequest,
} from '../../protocols/alipay/request.ts';
import { openResponse } from '../../protocols/alipay/response.ts';
import type { RefusalCode, Refused, Unknown, WalletEnvironment, WalletTrace } from '../wallet.ts';
import type { AlipayAccount } from './account.ts';
import { masked } from './mask.ts';

/** One call of the gateway: signed, sent, and believed only after the answer verified. */
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
  | { readonly kind: 'unreachable'; readonly message: string; readonly trace: WalletTrace }
  | Unknown;

export type GatewayCall = Omit<CommonParameters, 'app_id' | 'timestamp'>;

const MAX_ANSWER_BYTES = 262_144;
const FORM = 'application/x-www-form-urlencoded;charset=utf-8';

/** The wallet could not say what became of the call. One of its pages misspells the prefix. */
const UNDECIDED: readonly string[] = [
  'ACQ.SYSTEM_ERROR',
  'AQC.SYSTEM_ERROR',
  'aop.ACQ.SYSTEM_ERROR',
];

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly trace_id: string | undefined;
}

export class Gateway {
  readonly #environment: WalletEnvironment;
  readonly #outbound = new Outbound();

  constructor(environment: WalletEnvironment) {
    this.#environment = environment;
  }

  /** All parameters of a call, signed; what a page link carries and a call posts. */
  async parameters(account: AlipayAccount, call: GatewayCall): Promise<Map<string, string>> {
    const timestamp = shanghaiStamp(this.#environment.real());
    const parameters = requestParameters({ app_id: account.app_id, timestamp, ...call });
    await signRequest(account.private_key, parameters);
    return parameters;
  }

  /** Sends and returns what came, unverified; throws OutboundError. */
  async send(account: AlipayAccount, call: GatewayCall): Promise<RawAnswer> {
    const parameters = await this.parameters(account, call);
    const answer = await this.#outbound.send({
      method: 'POST',
      url: account.gateway,
      headers: { 'content-type': FORM, accept: 'application/json' },
      body: encodeForm(parameters),
      timeout_ms: this.#environment.timeout_ms,
      max_answer_bytes: MAX_ANSWER_BYTES,
    });
    const { trace_id } = answer.headers;
    return { status: answer.status, text: answer.body.toString('utf8'), trace_id };
  }

  /** Never throws for what the wallet or the network may do. */
  async call(account: AlipayAccount, call: GatewayCall): Promise<GatewayAnswer> {
    const started = performance.now();
    const trace = (rest: Partial<WalletTrace>): WalletTrace => ({
      operation: call.method,
      duration_ms: Math.round(performance.now() - started),
      request: requestTrace(call),
      ...rest,
    });
    let raw: RawAnswer;
    try {
      raw = await this.send(account, call);
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      if (!error.sent) {
        const message = `unreachable: ${error.message}`;
        return { kind: 'unreachable', message, trace: trace({ wallet_message: message }) };
      }
      return {
        kind: 'unknown',
        cause: error.message,
        trace: trace({ wallet_message: error.message }),
      };
    }
    return judge(account, call.method, raw, trace);
  }

  stop(): void {
    this.#outbound.stop();
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function judge(
  account: AlipayAccount,
  method: string,
  raw: RawAnswer,
  trace: (rest: Partial<WalletTrace>) => WalletTrace,
): GatewayAnswer {
  const base = {
    http_status: raw.status,
    ...(raw.trace_id !== undefined && { wallet_request_id: raw.trace_id }),
  };
  if (raw.status !== 200) {
    const cause = `HTTP status ${raw.status}`;
    return { kind: 'unknown', cause, trace: trace({ ...base, wallet_message: cause }) };
  }
  const opened = openResponse(account.alipay_public_key, raw.text, method);
  if (!opened.ok) {
    const cause = `the answer cannot be believed: ${opened.reason}`;
    return { kind: 'unknown', cause, trace: trace({ ...base, wallet_message: cause }) };
  }
  const { value } = opened;
  // Only the token call answers success without a code.
  const code = text(value['code']) || (value['sub_code'] === undefined ? '10000' : '');
  const sub_code = text(value['sub_code']);
  const message = text(value['sub_msg']) || text(value['msg']);
  const full = trace({
    ...base,
    wallet_code: sub_code || code,
    ...(message !== '' && { wallet_message: message.slice(0, 1000) }),
    answer: masked(value),
  });
  if (code === '20000' || UNDECIDED.includes(sub_code)) {
    return { kind: 'unknown', cause: sub_code || code, trace: full };
  }
  return { kind: 'answered', code, sub_code, message, value, trace: full };
}

export function requestTrace(call: GatewayCall): Readonly<Record<string, unknown>> {
  const { biz_content, notify_url, return_url } = call;
  return {
    ...(notify_url !== undefined && { notify_url }),
    ...(return_url !== undefined && { return_url }),
    ...(biz_content && { biz_content: masked(biz_content) }),
  };
}

const REFUSALS: Readonly<Record<string, RefusalCode>> = {
  'ACQ.TRADE_HAS_SUCCESS': 'already_paid',
  'ACQ.TRADE_HAS_CLOSE': 'already_closed',
  'ACQ.TRADE_NOT_EXIST': 'not_found',
  'ACQ.CONTEXT_INCONSISTENT': 'reference_reused',
  'ACQ.TRADE_BUYER_NOT_MATCH': 'reference_reused',
  'ACQ.DISCORDANT_REPEAT_REQUEST': 'reference_reused',
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': 'insufficient_funds',
  'ACQ.BUYER_BALANCE_NOT_ENOUGH': 'insufficient_funds',
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': 'over_refund',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': 'over_refund',
  'ACQ.TRADE_HAS_FINISHED': 'not_permitted',
  'ACQ.ACCESS_FORBIDDEN': 'not_permitted',
  'ACQ.FREQUENCY_LIMIT': 'rate_limited',
  'ACQ.INVALID_PARAMETER': 'invalid_request',
  'isv.invalid-signature': 'bad_credentials',
  'isv.invalid-app-id': 'bad_credentials',
  'isv.missing-signature-key': 'bad_credentials',
  'isv.invalid-signature-type': 'bad_credentials',
};

const REFUSAL_CLASSES: Readonly<Record<string, RefusalCode>> = {
  '20001': 'not_permitted',
  '40001': 'invalid_request',
  '40002': 'invalid_request',
  '40003': 'invalid_request',
  '40005': 'rate_limited',
  '40006': 'not_permitted',
};

/** A definite no of the wallet. */
export function refusedBy(answer: Extract<GatewayAnswer, { kind: 'answered' }>): Refused {
  const code = REFUSALS[answer.sub_code] ?? REFUSAL_CLASSES[answer.code] ?? 'wallet_error';
  const message = `${answer.sub_code || answer.code}: ${answer.message}`.slice(0, 1000);
  return { kind: 'refused', code, message, trace: answer.trace };
}

/**
 * For calls about something that an earlier call may have begun: not reaching the wallet says
 * nothing of what is there, so the outcome stays open.
 */
export function undecided(answer: Exclude<GatewayAnswer, { kind: 'answered' }>): Unknown {
  if (answer.kind === 'unknown') return answer;
  return { kind: 'unknown', cause: answer.message, trace: answer.trace };
}
