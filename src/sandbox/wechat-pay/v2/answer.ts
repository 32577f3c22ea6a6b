import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  buildXml,
  parseXml,
  V2_SIGN_TYPES,
  type V2Parameters,
  type V2SignType,
  v2Message,
  v2Signed,
  v2Verify,
} from '../../../protocols/wechat-pay/v2.ts';
import type { ApiParts } from '../api/answer.ts';
import { Passage } from '../api/passage.ts';
import { type Rates, tooOften } from '../api/rates.ts';
import { WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { olderSpelling, type V2Call, V2Refusal } from './call.ts';
import { findV2Call } from './routes.ts';

/**
 * Answers one call of the second version. It is always a 200: `return_code` says whether the call
 * was understood, `result_code` whether it was done. An answer is signed as its question was.
 */
interface Caller {
  readonly merchant: Merchant;
  readonly type: V2SignType;
  readonly parameters: V2Parameters;
}

/** `return_code` FAIL: nobody is known, so nobody can sign. */
class Unheard extends Error {}

/** A call whose answer never comes, by the fault dial. */
type Unanswered = 'silence' | 'reset';

export async function answerV2(
  parts: ApiParts,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
): Promise<void> {
  const { context } = parts;
  const passage = new Passage(context.faults);
  const path = (request.url ?? '').split('?')[0] ?? '';
  const text = body?.toString('utf8') ?? '';
  const method = request.method ?? '';
  const answer = await perform(parts, passage, { method, path, text });
  if (answer === 'silence') return parts.hold(response);
  if (answer === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  const xml = buildXml(spoiled(passage, answer));
  context.requests.add({
    method: request.method ?? 'POST',
    target: request.url ?? '',
    operation: passage.operation,
    caller: passage.merchant?.mchid ?? null,
    status: 200,
    verdict: answer.err_code ?? (answer.return_code === 'SUCCESS' ? 'ok' : 'FAIL'),
    reason:
      answer.err_code_des ?? (answer.return_code === 'SUCCESS' ? null : answer.return_msg) ?? null,
    signature: passage.signature,
    duration_ms: Math.round(performance.now() - passage.started),
    wallet_request_id: null,
    request_body: text,
    answer_body: xml,
    fault: passage.fault,
  });
  await deliver(passage, response, Buffer.from(xml));
}

async function perform(
  { context, rates }: ApiParts,
  passage: Passage,
  given: { method: string; path: string; text: string },
): Promise<V2Parameters | Unanswered> {
  let caller: Caller | undefined;
  const call = findV2Call(given.path);
  try {
    if (!call || given.method !== 'POST') throw new Unheard('请使用post方法');
    passage.operation = call.operation;
    passage.amount = amountIn(parseXml(given.text) ?? {});
    if (passage.strikes('connection_reset')) return 'reset';
    caller = identify(context, passage, given.text);
    const rate = { ...call, mchid: caller.merchant.mchid, now: context.clock.real().getTime() };
    if (passage.strikes('rate_limited') || (context.rate_limits && !mayGo(rates, rate))) {
      throw tooOften();
    }
    if (passage.strikes('timeout_before_effect')) return 'silence';
    if (passage.strikes('error_before_effect')) throw systemError();
    const fields = run(context, call, caller);
    await context.store.committed();
    if (passage.strikes('timeout_after_effect')) return 'silence';
    if (passage.strikes('error_after_effect')) throw systemError();
    return signed(caller, { result_code: 'SUCCESS', ...fields });
  } catch (error) {
    // A refused charge leaves its order behind, which must be durable too.
    await context.store.committed().catch(() => undefined);
    return refused(error, call, caller);
  }
}

function mayGo(
  rates: Rates,
  call: { operation: string; per_second?: number; mchid: string; now: number },
): boolean {
  const { per_second } = call;
  return per_second === undefined || rates.take({ ...call, per_second });
}

/** Throws what is told without a signature: no document, no merchant, no good signature. */
function identify(context: SandboxContext, passage: Passage, text: string): Caller {
  const parameters = parseXml(text);
  if (!parameters) throw new Unheard('XML格式错误');
  const merchant = context.merchants.get(parameters.mch_id ?? '');
  if (!merchant) throw new Unheard('mch_id参数格式错误');
  passage.merchant = merchant;
  const type = V2_SIGN_TYPES.find((each) => each === (parameters.sign_type ?? 'MD5'));
  if (!type) throw new Unheard('签名类型不支持');
  if (!parameters.nonce_str) throw new Unheard('缺少参数nonce_str');
  if (!v2Verify(parameters, merchant.api_v2_key, type)) {
    passage.signature = {
      state: parameters.sign === undefined ? 'missing' : 'wrong',
      hint: `Sign this text by ${type} with the v2 key of the merchant, upper-case hex.`,
      expected_text: v2Message(parameters, '<v2 key>'),
    };
    throw new Unheard('签名错误');
  }
  passage.signature = { state: 'valid', hint: '' };
  return { merchant, type, parameters };
}

function run(context: SandboxContext, call: V2Call, caller: Caller): V2Parameters {
  const { merchant, parameters } = caller;
  if (!context.apps.isBound(merchant, parameters.appid ?? '')) {
    throw new V2Refusal('APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配');
  }
  const missing = call.required.find((name) => !parameters[name]);
  if (missing !== undefined) throw new V2Refusal('LACK_PARAMS', `缺少参数：${missing}`);
  return call.run(context, merchant, parameters);
}

function amountIn({ refund_fee, total_fee }: V2Parameters): bigint | undefined {
  const fee = refund_fee ?? total_fee;
  return fee !== undefined && /^\d{1,12}$/.test(fee) ? BigInt(fee) : undefined;
}

function systemError(): V2Refusal {
  return new V2Refusal('SYSTEMERROR', '系统异常，请用相同参数重新调用');
}

function refused(
  error: unknown,
  call: V2Call | undefined,
  caller: Caller | undefined,
): V2Parameters {
  if (error instanceof Unheard || !caller) {
    const message = error instanceof Unheard ? error.message : '系统异常';
    return { return_code: 'FAIL', return_msg: message };
  }
  const { code, message } = refusalOf(error);
  const more = call?.refused?.(code) ?? {};
  return signed(caller, { result_code: 'FAIL', err_code: code, err_code_des: message, ...more });
}

function refusalOf(error: unknown): V2Refusal {
  if (error instanceof V2Refusal) return error;
  if (!(error instanceof WechatPayRefusal)) return systemError();
  return new V2Refusal(olderSpelling(error.code), error.message);
}

function signed({ merchant, type, parameters }: Caller, fields: V2Parameters): V2Parameters {
  const whole = {
    return_code: 'SUCCESS',
    return_msg: 'OK',
    appid: parameters.appid ?? merchant.appid,
    mch_id: merchant.mchid,
    sub_mch_id: parameters.sub_mch_id ?? '',
    sub_appid: parameters.sub_appid ?? '',
    ...fields,
  };
  return v2Signed(whole, merchant.api_v2_key, type);
}

/** Signed wrongly or not at all, where the dial says so. */
function spoiled(passage: Passage, answer: V2Parameters): V2Parameters {
  if (answer.sign === undefined || answer.result_code !== 'SUCCESS') return answer;
  if (passage.strikes('answer_unsigned')) return { ...answer, sign: '' };
  if (passage.strikes('answer_probed')) return { ...answer, sign: '0'.repeat(answer.sign.length) };
  return answer;
}

/** Slow, or broken off in the middle, where the dial says so. */
async function deliver(passage: Passage, response: ServerResponse, body: Buffer): Promise<void> {
  const slow = passage.strikes('answer_slow');
  if (slow) await new Promise((resolve) => setTimeout(resolve, slow.delay_ms ?? 1000));
  if (response.destroyed) return;
  response.writeHead(200, {
    Server: 'nginx',
    'Content-Type': 'text/xml; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-cache, must-revalidate',
  });
  if (!passage.strikes('answer_cut')) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}
