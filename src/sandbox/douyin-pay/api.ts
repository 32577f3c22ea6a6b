import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { HEADERS, parseAuthorization, signAnswer } from '../../protocols/douyin-pay/signature.ts';
import { fenField, isWireObject, objectField } from '../../protocols/wechat-pay/messages.ts';
import { isFresh, requestMessage, rsaVerify } from '../../protocols/wechat-pay/signature.ts';
import type { Fault, FaultSetting } from '../faults.ts';
import type { SignatureVerdict } from '../requests.ts';
import { signerOf } from './notices.ts';
import { findRoute } from './routes.ts';
import { type DouyinPay, DouyinRefusal, systemError } from './wallet.ts';
import { misstated, spoiled } from './wrong.ts';

/**
 * Answers one call of the API: is the signature right, do it, make it durable, sign the answer. A
 * 5xx is never signed, nor is an answer to somebody unknown.
 */
interface Call {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** One call on its way through: what the log will say of it, and what the dial does to it. */
class Passage {
  readonly #douyin: DouyinPay;
  readonly started = performance.now();
  operation: string | undefined;
  amount: bigint | undefined;
  known = false;
  fault: Fault | null = null;
  signature: SignatureVerdict = { state: 'missing', hint: 'Sign with Authorization.' };

  constructor(douyin: DouyinPay) {
    this.#douyin = douyin;
  }

  strikes(fault: Fault): FaultSetting | undefined {
    const { operation, amount } = this;
    const setting = this.#douyin.options.faults.strikes(fault, { operation, amount });
    if (setting) this.fault = fault;
    return setting;
  }
}

interface Answer {
  readonly status: number;
  readonly content: object | undefined;
  readonly refusal?: DouyinRefusal;
}

export interface ApiParts {
  readonly douyin: DouyinPay;
  /** Keeps a connection open without answering. */
  readonly hold: (response: ServerResponse) => void;
}

/** `body` is undefined when it was larger than the API takes. */
export async function answerApi(
  { douyin, hold }: ApiParts,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = request;
  const call: Call = { method, target: url, headers, body: body ?? Buffer.alloc(0) };
  const passage = new Passage(douyin);
  const answer = body
    ? await perform(douyin, call, passage)
    : refused(new DouyinRefusal(413, 'PARAM_ERROR', '请求体过大'));
  if (typeof answer === 'string') {
    log(douyin, call, passage, { status: 0, content: undefined }, '');
    if (answer === 'silence') return hold(response);
    request.socket.resetAndDestroy();
    return;
  }
  await reply(douyin, response, { call, passage, answer });
}

async function perform(
  douyin: DouyinPay,
  call: Call,
  passage: Passage,
): Promise<Answer | 'silence' | 'reset'> {
  try {
    const mark = call.target.indexOf('?');
    const path = mark < 0 ? call.target : call.target.slice(0, mark);
    const found = findRoute(call.method, path);
    if (!found) throw new DouyinRefusal(404, 'NOT_FOUND', `沙箱没有此接口：${path.slice(0, 200)}`);
    const body = parseBody(call);
    passage.operation = found.route.operation;
    passage.amount = amountIn(body);
    if (passage.strikes('connection_reset')) return 'reset';
    authenticate(douyin, call, passage);
    if (passage.strikes('rate_limited')) {
      throw new DouyinRefusal(429, 'FREQUENCY_LIMITED', '请求过于频繁，请稍后再试');
    }
    if (passage.strikes('timeout_before_effect')) return 'silence';
    if (passage.strikes('error_before_effect')) throw systemError();
    const query = new URLSearchParams(mark < 0 ? '' : call.target.slice(mark + 1));
    const content = found.route.run(douyin, { parameter: found.parameter, query, body });
    await douyin.options.store.committed();
    if (passage.strikes('timeout_after_effect')) return 'silence';
    if (passage.strikes('error_after_effect')) throw systemError();
    return stated(call, passage, content);
  } catch (error) {
    return refused(error);
  }
}

function stated(call: Call, passage: Passage, content: object | undefined): Answer {
  if (content === undefined) return { status: 204, content };
  const wrong = call.method === 'GET' ? misstated(content) : content;
  if (wrong !== content && passage.strikes('answer_wrong_amount')) {
    return { status: 200, content: wrong };
  }
  return { status: 200, content };
}

function parseBody(call: Call): unknown {
  if (call.method === 'GET') return {};
  try {
    return JSON.parse(call.body.toString('utf8'));
  } catch {
    throw new DouyinRefusal(400, 'PARAM_ERROR', '请求体不是合法的JSON对象');
  }
}

function amountIn(body: unknown): bigint | undefined {
  if (!isWireObject(body)) return undefined;
  const amount = objectField(body, 'amount');
  return fenField(amount, 'refund') ?? fenField(amount, 'total');
}

const SHOWN_BYTES = 1024;

/** Throws the 401 that says which of merchant, serial, time and signature is wrong. */
function authenticate({ keys, options }: DouyinPay, call: Call, passage: Passage): void {
  const refuse = (field: string, message: string, more: object = {}) =>
    new DouyinRefusal(401, 'SIGN_ERROR', message, { field, ...more });
  const claim = parseAuthorization(call.headers.authorization ?? '');
  if (!claim) throw refuse('Authorization', 'Authorization 格式错误');
  passage.signature = { state: 'wrong', hint: 'One of the items of Authorization is wrong.' };
  if (claim.mchid !== keys.mchid) throw refuse('mchid', '商户号不存在');
  if (claim.serial_no.toUpperCase() !== keys.serial_no.toUpperCase()) {
    throw refuse('serial_no', '商户证书序列号有误');
  }
  if (!isFresh(claim.timestamp, options.clock.real())) {
    throw refuse('timestamp', '时间戳与服务器时间相差超过5分钟');
  }
  const { method, target, body } = call;
  const { timestamp, nonce_str: nonce } = claim;
  const message = requestMessage({ method, target, timestamp, nonce, body });
  if (!rsaVerify(keys.verify_key, message, claim.signature)) {
    const shown = message.subarray(0, SHOWN_BYTES).toString('utf8');
    passage.signature = {
      state: 'wrong',
      hint: 'Sign exactly these five lines, each with its line feed, with the merchant’s key.',
      expected_text: shown,
    };
    throw refuse('signature', '错误的签名，验签失败', { sign_message: shown });
  }
  passage.known = true;
  passage.signature = { state: 'valid', hint: '' };
}

function refused(error: unknown): Answer {
  const refusal = asRefusal(error);
  const { status, code, message, detail } = refusal;
  const content = { code, message, ...(detail === undefined ? {} : { detail }) };
  return { status, content, refusal };
}

function asRefusal(error: unknown): DouyinRefusal {
  if (error instanceof DouyinRefusal) return error;
  if (!(error instanceof z.ZodError)) return systemError();
  const [issue] = error.issues;
  const field = `/${(issue?.path ?? []).join('/')}`;
  const message = `参数错误：${field} ${issue?.message ?? ''}`;
  return new DouyinRefusal(400, 'PARAM_ERROR', message, { field, issue: issue?.code });
}

async function reply(
  douyin: DouyinPay,
  response: ServerResponse,
  { call, passage, answer }: { call: Call; passage: Passage; answer: Answer },
): Promise<void> {
  const body = Buffer.from(answer.content === undefined ? '' : JSON.stringify(answer.content));
  const request_id = randomBytes(16).toString('hex');
  if (passage.strikes('key_rotated')) await douyin.keys.rotate(douyin.options.clock.real());
  const signed = await signatureFor(douyin, passage, { answer, body });
  const slow = passage.strikes('answer_slow')?.delay_ms;
  if (slow !== undefined) await new Promise((resolve) => setTimeout(resolve, slow).unref());
  const cut = passage.strikes('answer_cut') !== undefined;
  log(douyin, call, passage, answer, request_id);
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    'Content-Type': 'application/json; charset=utf-8',
    ...(answer.status === 204 ? {} : { 'Content-Length': body.length + (cut ? 1 : 0) }),
    'Request-ID': request_id,
    ...signed,
  });
  if (!cut) return void response.end(body);
  response.write(body.subarray(0, body.length >> 1), () => response.destroy());
}

async function signatureFor(
  { keys, options }: DouyinPay,
  passage: Passage,
  { answer, body }: { answer: Answer; body: Buffer },
): Promise<Record<string, string>> {
  if (!passage.known || answer.status >= 500 || passage.strikes('answer_unsigned')) return {};
  const signed = await signAnswer(signerOf(keys), { body, now: options.clock.real() });
  if (!passage.strikes('answer_probed')) return signed;
  return { ...signed, [HEADERS.signature]: spoiled(signed[HEADERS.signature] ?? '') };
}

function log(
  { keys, options }: DouyinPay,
  call: Call,
  passage: Passage,
  answer: Answer,
  request_id: string,
): void {
  options.requests.add({
    method: call.method,
    target: call.target,
    operation: passage.operation ?? null,
    caller: passage.known ? keys.mchid : null,
    status: answer.status,
    verdict: answer.refusal?.code ?? (answer.status === 0 ? 'no_answer' : 'ok'),
    reason: answer.refusal?.message ?? null,
    signature: passage.signature,
    duration_ms: Math.round(performance.now() - passage.started),
    wallet_request_id: request_id === '' ? null : request_id,
    request_body: call.body.toString('utf8'),
    answer_body: answer.content === undefined ? '' : JSON.stringify(answer.content),
    fault: passage.fault,
  });
}
