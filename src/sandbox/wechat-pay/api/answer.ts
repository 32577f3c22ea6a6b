import type { IncomingMessage, ServerResponse } from 'node:http';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  fenField,
  objectField,
  parseWireObject,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { parseUpload } from '../../../protocols/wechat-pay/multipart.ts';
import type { SandboxContext } from '../context.ts';
import { type ApiCall, authenticate, checkHeaders, header, identify } from './authentication.ts';
import { diagnose, refusedClaim } from './diagnosis.ts';
import { misstated } from './misstated.ts';
import { Passage } from './passage.ts';
import { type Rates, tooOften } from './rates.ts';
import { parameterError, systemError, WechatPayRefusal } from './refusal.ts';
import { type Answer, reply, unanswered } from './reply.ts';
import { FileAnswer, type RouteAnswer, type RouteCall, StatusAnswer } from './route.ts';
import { type FoundRoute, findRoute } from './routes.ts';

/**
 * Answers one call of the API: who calls, is the signature right, do it, make it durable, sign the
 * answer. Answers to a known merchant are signed, also refusals; a 5xx never is.
 */
export interface ApiParts {
  readonly context: SandboxContext;
  readonly rates: Rates;
  /** Keeps a connection open without answering. */
  readonly hold: (response: ServerResponse) => void;
}

/** A call whose answer never comes, by the fault dial. */
type Unanswered = 'silence' | 'reset';

/** `body` is undefined when it was larger than the API takes. */
export async function answerApi(
  parts: ApiParts,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
): Promise<void> {
  const { context } = parts;
  const call: ApiCall = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers,
    body: body ?? Buffer.alloc(0),
  };
  const passage = new Passage(context.faults);
  const answer = body ? await perform(parts, call, passage) : tooLarge();
  if (typeof answer === 'string') {
    unanswered(context, call, passage);
    if (answer === 'silence') return parts.hold(response);
    request.socket.resetAndDestroy();
    return;
  }
  await reply(context, response, { call, passage, answer });
}

async function perform(
  parts: ApiParts,
  call: ApiCall,
  passage: Passage,
): Promise<Answer | Unanswered> {
  const { context } = parts;
  try {
    const found = findCall(call);
    const { operation, run } = found.route;
    passage.operation = operation;
    passage.amount = amountIn(parseWireObject(call.body.toString('utf8')) ?? {});
    if (passage.strikes('connection_reset')) return 'reset';
    const { merchant, content } = admit(parts, call, { passage, found });
    if (passage.strikes('rate_limited')) throw tooOften();
    if (passage.strikes('timeout_before_effect')) return 'silence';
    if (passage.strikes('error_before_effect')) throw systemError();
    const answer = await run(context, merchant, { ...found, ...content });
    await context.store.committed();
    if (passage.strikes('timeout_after_effect')) return 'silence';
    if (passage.strikes('error_after_effect')) throw systemError();
    return { ...shown(call, passage, answer), internal: INTERNAL_CODE.success };
  } catch (error) {
    return refused(error);
  }
}

interface Found extends FoundRoute {
  readonly query: URLSearchParams;
}

/** Everything before the call itself: identity, signature, headers, rate, and the body's form. */
function admit(
  { context, rates }: ApiParts,
  call: ApiCall,
  { passage, found }: { passage: Passage; found: Found },
): {
  merchant: NonNullable<Passage['merchant']>;
  content: Omit<RouteCall, 'parameters' | 'query'>;
} {
  const { operation, per_second, upload } = found.route;
  const part = upload ? uploaded(call) : undefined;
  const claim = { ...known(context, call, passage), signed: part?.meta ?? call.body };
  const { merchant } = claim;
  try {
    authenticate(context, call, claim);
  } catch (error) {
    const { field } = { field: '', ...(error instanceof WechatPayRefusal ? error.detail : {}) };
    passage.signature =
      field === 'signature'
        ? diagnose(context, call, claim)
        : refusedClaim(error instanceof WechatPayRefusal ? error.detail : {}, call);
    throw error;
  }
  passage.signature = { state: 'valid', hint: '' };
  const now = context.clock.real().getTime();
  if (
    context.rate_limits &&
    per_second !== undefined &&
    !rates.take({ mchid: merchant.mchid, operation, per_second, now })
  ) {
    throw tooOften();
  }
  checkHeaders(context, call, { merchant, upload: upload === true });
  const serial = header(call, 'wechatpay-serial');
  const used = claim.authorization.serial_no;
  const seal = (text: string) => context.keys.seal(merchant, text, used);
  const open = (ciphertext: string) => context.keys.open(merchant, serial, ciphertext);
  if (upload && !part) throw badUpload();
  const body = parseBody(call.method, claim.signed);
  return { merchant, content: { body, open, seal, serial, ...(part ? { file: part.file } : {}) } };
}

function known(context: SandboxContext, call: ApiCall, passage: Passage) {
  try {
    const claim = identify(context, call);
    passage.merchant = claim.merchant;
    return claim;
  } catch (error) {
    if (error instanceof WechatPayRefusal) passage.signature = refusedClaim(error.detail, call);
    throw error;
  }
}

function uploaded(call: ApiCall) {
  const upload = parseUpload(header(call, 'content-type'), call.body);
  return upload && { meta: Buffer.from(upload.meta), file: upload.file };
}

function badUpload(): WechatPayRefusal {
  return parameterError({
    field: '/',
    issue: 'not one meta part and one file part of multipart/form-data',
    location: 'body',
    message: '请求体必须是multipart/form-data，且含有meta和file两个部分',
  });
}

function shown(
  call: ApiCall,
  passage: Passage,
  answer: RouteAnswer,
): Pick<Answer, 'status' | 'content'> {
  if (answer === undefined) return { status: 204, content: undefined };
  const status = answer instanceof StatusAnswer ? answer.status : 200;
  const content = answer instanceof StatusAnswer ? answer.content : answer;
  if (content instanceof FileAnswer || call.method !== 'GET') return { status, content };
  const wrong = misstated(content);
  passage.amount ??= amountIn(content as WireObject);
  if (wrong === content || !passage.strikes('answer_wrong_amount')) return { status, content };
  return { status, content: wrong };
}

/** The money a call is about, for sentinel amounts of the fault dial. */
function amountIn(body: WireObject): bigint | undefined {
  const amount = objectField(body, 'amount');
  return (
    fenField(amount, 'refund') ??
    fenField(amount, 'total') ??
    fenField(body, 'amount') ??
    fenField(body, 'transfer_amount')
  );
}

function refused(error: unknown): Answer {
  const refusal = error instanceof WechatPayRefusal ? error : systemError();
  const { status, code, internal, message, detail } = refusal;
  const content = { code, ...(detail === undefined ? {} : { detail }), message };
  return { status, content, internal, refusal: { code, message } };
}

function tooLarge(): Answer {
  const message = '请求体过大';
  return refused(new WechatPayRefusal(413, 'PARAM_ERROR', INTERNAL_CODE.out_of_range, message));
}

function findCall(call: ApiCall): Found {
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

function parseBody(method: string, bytes: Buffer): WireObject {
  // Some calls say all they have to say in their path.
  if (method === 'GET' || bytes.length === 0) return {};
  const body = parseWireObject(decodeUtf8(bytes));
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
