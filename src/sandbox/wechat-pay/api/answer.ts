import type { IncomingMessage, ServerResponse } from 'node:http';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  fenField,
  objectField,
  parseWireObject,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import {
  answerMessage,
  newNonce,
  rsaSign,
  signatureHeaders,
  unixSeconds,
} from '../../../protocols/wechat-pay/signature.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { newRequestId } from '../numbers.ts';
import { type ApiCall, authenticate, identify } from './authentication.ts';
import { parameterError, systemError, WechatPayRefusal } from './refusal.ts';
import { FileAnswer, type RouteAnswer, StatusAnswer } from './route.ts';
import { findRoute } from './routes.ts';

/**
 * Answers one call of the API: who calls, is the signature right, do it, make it durable, sign the
 * answer. Answers to a known merchant are signed, also refusals; a 5xx never is.
 */
interface Answer {
  readonly status: number;
  readonly content: object | FileAnswer | undefined;
  readonly internal: string;
  /** Signs the answer; absent while nobody is known. */
  readonly merchant: Merchant | undefined;
}

/** A call whose answer never comes, by the fault dial. */
const SILENCE = Symbol('silence');

export interface ApiParts {
  readonly context: SandboxContext;
  /** Keeps a connection open without answering. */
  readonly hold: (response: ServerResponse) => void;
}

/** `body` is undefined when it was larger than the API takes. */
export async function answerApi(
  parts: ApiParts,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
): Promise<void> {
  const call: ApiCall = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers,
    body: body ?? Buffer.alloc(0),
  };
  const answer = body ? await perform(parts.context, call) : tooLarge();
  if (answer === SILENCE) return parts.hold(response);
  await send(parts, call, response, answer);
}

async function perform(context: SandboxContext, call: ApiCall): Promise<Answer | typeof SILENCE> {
  let merchant: Merchant | undefined;
  try {
    const found = findCall(call);
    const claim = identify(context, call);
    merchant = claim.merchant;
    authenticate(context, call, claim);
    const { operation, run } = found.route;
    const { faults } = context;
    const body = parseBody(call);
    const occasion = { operation, amount: amountIn(body) };
    if (faults.strikes('timeout_before_effect', occasion)) return SILENCE;
    if (faults.strikes('error_before_effect', occasion)) throw systemError();
    const answer = await run(context, merchant, { ...found, body });
    await context.store.committed();
    if (faults.strikes('timeout_after_effect', occasion)) return SILENCE;
    if (faults.strikes('error_after_effect', occasion)) throw systemError();
    return { ...shown(answer), internal: INTERNAL_CODE.success, merchant };
  } catch (error) {
    return refused(error, merchant);
  }
}

function shown(answer: RouteAnswer): Pick<Answer, 'status' | 'content'> {
  if (answer === undefined) return { status: 204, content: undefined };
  if (answer instanceof StatusAnswer) return { status: answer.status, content: answer.content };
  return { status: 200, content: answer };
}

/** The money a call is about, for sentinel amounts of the fault dial. */
function amountIn(body: WireObject): bigint | undefined {
  const amount = objectField(body, 'amount');
  return fenField(amount, 'refund') ?? fenField(amount, 'total') ?? fenField(body, 'amount');
}

function refused(error: unknown, merchant: Merchant | undefined): Answer {
  const refusal = error instanceof WechatPayRefusal ? error : systemError();
  const { status, code, internal, message, detail } = refusal;
  return {
    status,
    content: { code, ...(detail === undefined ? {} : { detail }), message },
    internal,
    merchant: status >= 500 ? undefined : merchant,
  };
}

function tooLarge(): Answer {
  const message = '请求体过大';
  return refused(
    new WechatPayRefusal(413, 'PARAM_ERROR', INTERNAL_CODE.out_of_range, message),
    undefined,
  );
}

function findCall(call: ApiCall) {
  const mark = call.target.indexOf('?');
  const path = mark < 0 ? call.target : call.target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : call.target.slice(mark + 1));
  const found = findRoute(call.method, path);
  if (!found) {
    const message = `沙箱没有此接口：${call.method} ${path.slice(0, 200)}`;
    throw new WechatPayRefusal(404, 'NOT_FOUND', INTERNAL_CODE.bad_parameter, message);
  }
  return { ...found, query };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function parseBody(call: ApiCall): WireObject {
  // Some calls say all they have to say in their path.
  if (call.method === 'GET' || call.body.length === 0) return {};
  const body = parseWireObject(decodeUtf8(call.body));
  if (body) return body;
  throw parameterError({
    field: '/',
    issue: 'not one JSON object in UTF-8',
    location: 'body',
    message: '请求体不是合法的JSON对象',
  });
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return '';
  }
}

const COMMON_HEADERS = {
  Server: 'nginx',
  Connection: 'keep-alive',
  'Keep-Alive': 'timeout=8',
  'Cache-Control': 'no-cache, must-revalidate',
  'X-Content-Type-Options': 'nosniff',
  'Content-Language': 'zh-CN',
};

async function send(
  parts: ApiParts,
  call: ApiCall,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const { status, content, internal, merchant } = answer;
  const file = content instanceof FileAnswer ? content : undefined;
  const body = file?.body ?? Buffer.from(content === undefined ? '' : JSON.stringify(content));
  const requestId = newRequestId(internal);
  const signed = merchant && !file ? await signAnswer(parts.context, merchant, body) : {};
  const refusal = content && 'code' in content ? content : undefined;
  parts.context.requests.add({
    method: call.method,
    target: call.target,
    operation: null,
    caller: merchant?.mchid ?? null,
    status,
    verdict: refusal ? String(refusal.code) : 'ok',
    reason: null,
    signature: { state: 'not_checked', hint: '' },
    duration_ms: 0,
    wallet_request_id: requestId,
    request_body: call.body.toString('utf8'),
    answer_body: file ? `${body.length} bytes` : body.toString('utf8'),
    fault: null,
  });
  if (response.destroyed) return;
  response.writeHead(status, {
    ...COMMON_HEADERS,
    ...(status === 204
      ? {}
      : {
          'Content-Type': file?.content_type ?? 'application/json; charset=utf-8',
          'Content-Length': body.length,
        }),
    'Request-ID': requestId,
    ...signed,
  });
  response.end(body);
}

async function signAnswer(
  context: SandboxContext,
  merchant: Merchant,
  body: Buffer,
): Promise<Record<string, string>> {
  const timestamp = unixSeconds(context.clock.real());
  const nonce = newNonce();
  const message = answerMessage({ timestamp, nonce, body });
  const signature = await rsaSign(merchant.sign_key, message);
  return signatureHeaders({ timestamp, nonce, serial: merchant.public_key_id, signature });
}
