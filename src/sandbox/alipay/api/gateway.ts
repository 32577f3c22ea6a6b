import iconv from 'iconv-lite';
import { CODES } from '../../../protocols/alipay/codes.ts';
import { encryptContent, parseAesKey } from '../../../protocols/alipay/content.ts';
import {
  buildResponse,
  ERROR_ROOT,
  gatewayJson,
  responseRoot,
} from '../../../protocols/alipay/response.ts';
import { parseStamp } from '../../../protocols/alipay/trade.ts';
import type { Alipay } from '../books.ts';
import type { Signer } from '../open/keyring.ts';
import { rotateFor } from '../open/rotation.ts';
import { refusalPage } from '../pages/html.ts';
import { PAGE_METHODS, type Placed } from '../trade/methods.ts';
import type { Call } from '../trade/orders.ts';
import { offBy } from './authenticate.ts';
import { GatewayRefusal } from './biz.ts';
import type { Method } from './method.ts';
import { METHODS, methodNamed } from './methods.ts';
import { openCall } from './open-call.ts';
import { type Answered, type Incoming, Passage } from './passage.ts';
import { type GatewayRequest, readGateway } from './read-gateway.ts';
import { committed, refusalOf, runMethod } from './run.ts';

/**
 * `/gateway.do`: merges query and body, verifies, then acts. Every answer is HTTP 200 and signed
 * under `<method>_response`, errors too; the page methods answer a browser with HTML.
 * https://opendocs.alipay.com/common/02kf5q
 */
const PAGES: ReadonlyMap<string, (call: Call) => Placed> = new Map(
  PAGE_METHODS.map(({ call, place }) => [call, place]),
);

/** A page call opened by a browser or a phone; throws GatewayRefusal. */
export function openPageCall(alipay: Alipay, query: string, body: string): Placed {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const target = `/gateway.do?${query}`;
  const incoming = { verb: 'POST', target, headers, body: Buffer.from(body, 'utf8') };
  return placePage(alipay, readGateway(incoming), new Passage(alipay.options.faults));
}

function placePage(alipay: Alipay, request: GatewayRequest, passage: Passage): Placed {
  const place = PAGES.get(request.method);
  if (!place) throw new GatewayRefusal('isv.invalid-method');
  return place(openCall(alipay, request, passage));
}

async function pageAnswer(
  alipay: Alipay,
  request: GatewayRequest,
  passage: Passage,
): Promise<Answered> {
  try {
    const { location } = placePage(alipay, request, passage);
    await committed(alipay);
    const headers = { location };
    return { status: 303, headers, body: Buffer.alloc(0), verdict: 'ok', reason: null };
  } catch (error) {
    const refusal = refusalOf(error);
    const { status, headers, body } = refusalPage(refusal.answer());
    const verdict = refusal.sub_code;
    return { status, headers, body: Buffer.from(body), verdict, reason: refusal.message };
  }
}

function knownMethod(request: GatewayRequest): Method {
  const method = methodNamed(request.method);
  if (method) return method;
  const known = [...METHODS, ...PAGE_METHODS].map(({ call }) => call);
  throw new GatewayRefusal(
    'isv.invalid-method',
    `不存在的方法名 (this sandbox has: ${known.join(', ')})`,
  );
}

/** What is said, before it is put into bytes. */
interface Saying {
  root: string;
  content: Readonly<Record<string, unknown>>;
  verdict: string;
  reason: string | null;
  /** Key for an answer in hiding; null for one in the clear. */
  hide: Buffer | null;
  unsigned: boolean;
}

async function say(
  alipay: Alipay,
  request: GatewayRequest,
  passage: Passage,
  limited: boolean,
): Promise<Saying> {
  const saying: Saying = {
    root: ERROR_ROOT,
    content: {},
    verdict: 'ok',
    reason: null,
    hide: null,
    unsigned: false,
  };
  try {
    if (request.method === '') throw new GatewayRefusal('isv.missing-method');
    // The name becomes part of the answer, so nothing but a plain dotted name may.
    if (!/^[A-Za-z0-9_.]{1,128}$/.test(request.method)) {
      throw new GatewayRefusal('isv.invalid-method');
    }
    saying.root = responseRoot(request.method);
    if (limited) throw new GatewayRefusal('isv.app-call-limited');
    const method = knownMethod(request);
    const call = openCall(alipay, request, passage);
    saying.unsigned = method.unsigned === true;
    if (request.parameters.get('encrypt_type') === 'AES') {
      saying.hide = parseAesKey(call.app.aes_key);
    }
    const { code, fields } = await runMethod(call, method, passage);
    saying.content = method.bare ? fields : { code, msg: CODES[code], ...fields };
  } catch (error) {
    const refusal = refusalOf(error);
    saying.content = refusal.answer();
    saying.verdict = refusal.sub_code;
    saying.reason = refusal.message;
  }
  return saying;
}

/** Whom the answer is signed for: whoever says to call, for wrong signatures are answered too. */
async function signerFor(
  alipay: Alipay,
  request: GatewayRequest,
  passage: Passage,
): Promise<Signer> {
  const app = alipay.apps.get(request.parameters.get('app_id') ?? '');
  if (!app) return { key: alipay.keyring.plain, sn: null };
  if (app.certificate_sn !== null && passage.strikes('key_rotated')) await rotateFor(alipay, app);
  return alipay.keyring.signer(app);
}

/** A signature of the right shape that no key made. */
function spoilt(text: string): string {
  return text.replace(
    /"sign":"(.)/,
    (_all, first: string) => `"sign":"${first === 'A' ? 'B' : 'A'}`,
  );
}

async function inBytes(
  alipay: Alipay,
  request: GatewayRequest,
  passage: Passage,
  saying: Saying,
): Promise<Buffer> {
  const { key, sn } = await signerFor(alipay, request, passage);
  const charset = request.charset ?? 'utf-8';
  const clear = gatewayJson(saying.content);
  const content = saying.hide
    ? JSON.stringify(encryptContent(saying.hide, clear)).replaceAll('/', '\\/')
    : clear;
  const type = request.parameters.get('sign_type') ?? '';
  const app_id = request.parameters.get('app_id') ?? '';
  const old = type === 'RSA' && alipay.switches.allowsRsa(app_id);
  const text = await buildResponse(key, saying.root, content, {
    bytes: iconv.encode(content, charset),
    ...(sn !== null && { alipay_cert_sn: sn }),
    sign_type: old ? 'RSA' : 'RSA2',
  });
  const isBare = saying.unsigned || passage.strikes('answer_unsigned') !== undefined;
  if (isBare) return iconv.encode(`{"${saying.root}":${content}}`, charset);
  const probed = passage.strikes('answer_probed') !== undefined;
  return iconv.encode(probed ? spoilt(text) : text, charset);
}

function warning(alipay: Alipay, request: GatewayRequest): Record<string, string> {
  const at = parseStamp(request.parameters.get('timestamp') ?? '')?.getTime();
  const off = at === undefined ? undefined : offBy(alipay, at);
  if (off === undefined) return {};
  const minutes = Math.round(off / 60_000);
  return { 'x-sandbox-warning': `timestamp is ${minutes} minutes off; it must be Beijing time` };
}

export interface Asked {
  readonly incoming: Incoming;
  readonly request: GatewayRequest;
  readonly passage: Passage;
  /** The fault dial says that this application has called too often. */
  readonly limited: boolean;
}

export async function answerGateway(alipay: Alipay, asked: Asked): Promise<Answered> {
  const { request, passage } = asked;
  if (PAGES.has(request.method)) return pageAnswer(alipay, request, passage);
  const saying = await say(alipay, request, passage, asked.limited);
  const body = await inBytes(alipay, request, passage, saying);
  const headers = {
    'content-type': `text/html;charset=${request.charset === 'gbk' ? 'GBK' : 'utf-8'}`,
    trace_id: passage.trace_id,
    ...warning(alipay, request),
  };
  return { status: 200, headers, body, verdict: saying.verdict, reason: saying.reason };
}
