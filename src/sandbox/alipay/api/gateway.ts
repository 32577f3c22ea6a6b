import { randomBytes } from 'node:crypto';
import { CODES } from '../../../protocols/alipay/codes.ts';
import { decodeForms, type Parameters } from '../../../protocols/alipay/parameters.ts';
import { type RequestVerdict, verifyRequest } from '../../../protocols/alipay/request.ts';
import {
  buildResponse,
  ERROR_ROOT,
  gatewayJson,
  parseObject,
  responseRoot,
} from '../../../protocols/alipay/response.ts';
import { parseStamp } from '../../../protocols/alipay/trade.ts';
import type { Alipay, App } from '../books.ts';
import { exchangeToken } from '../login.ts';
import type { Signer } from '../open/keyring.ts';
import { escapeHtml, type Reply, refusalPage } from '../pages/html.ts';
import { PAGE_METHODS, type Placed } from '../trade/methods.ts';
import type { Call } from '../trade/orders.ts';
import { GatewayRefusal } from './biz.ts';
import { ClassAnswer } from './method.ts';
import { METHODS, methodNamed } from './methods.ts';

/**
 * `/gateway.do`: merges query and body, verifies, then acts. Every answer is HTTP 200 and signed
 * under `<method>_response`, errors too; the page methods answer a browser with HTML.
 * https://opendocs.alipay.com/common/02kf5q
 */
const PAGES: ReadonlyMap<string, (call: Call) => Placed> = new Map(
  PAGE_METHODS.map(({ call, place }) => [call, place]),
);

const TOKEN_METHOD = 'alipay.system.oauth.token';
const LENIENCY_MS = 15 * 60_000;
const MAX_SHOWN_TEXT = 8192;

function need(parameters: Parameters, name: string, missing: GatewayRefusal): string {
  const value = parameters.get(name) ?? '';
  if (value === '') throw missing;
  return value;
}

const HINTS = {
  signed_empty_values: '参数值为空不参与签名，不要传空值 (an empty value was signed; leave it out)',
  dropped_sign_type: 'sign_type 须参与请求签名 (sign_type is part of the text of a request)',
} as const;

function invalidSignature(verdict: RequestVerdict & { ok: false }): GatewayRefusal {
  const shown = escapeHtml(verdict.text.slice(0, MAX_SHOWN_TEXT));
  const empty =
    verdict.empty.length > 0 ? `。空值参数：${escapeHtml(verdict.empty.join(','))}` : '';
  const hint = verdict.likely === undefined ? '' : `。提示：${HINTS[verdict.likely]}`;
  const message = `验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：${shown}`;
  return new GatewayRefusal('isv.invalid-signature', `${message}${empty}${hint}`);
}

function checkForm(parameters: Parameters): void {
  const format = parameters.get('format') ?? 'JSON';
  if (format.toUpperCase() !== 'JSON') throw new GatewayRefusal('isv.invalid-format');
  if ((parameters.get('charset') ?? 'utf-8').toLowerCase() !== 'utf-8') {
    throw new GatewayRefusal(
      'isv.invalid-charset',
      '字符集错误，沙箱仅支持utf-8 (only utf-8 here)',
    );
  }
}

/** Verifies one request; throws a GatewayRefusal with what was wrong. */
function openCall(alipay: Alipay, parameters: Parameters): Call {
  const app_id = need(parameters, 'app_id', new GatewayRefusal('isv.missing-app-id'));
  const type = need(parameters, 'sign_type', new GatewayRefusal('isv.missing-signature-type'));
  need(parameters, 'sign', new GatewayRefusal('isv.missing-signature'));
  const timestamp = need(parameters, 'timestamp', new GatewayRefusal('isv.missing-timestamp'));
  need(parameters, 'version', new GatewayRefusal('isv.missing-version'));
  const app: App | undefined = alipay.apps.get(app_id);
  if (!app) throw new GatewayRefusal('isv.invalid-app-id');
  if (type !== 'RSA2') {
    throw new GatewayRefusal('isv.invalid-signature-type', '无效的签名类型，本应用使用RSA2');
  }
  checkForm(parameters);
  checkCertificates(alipay, app, parameters);
  const verdict = verifyRequest(app.public_key, parameters);
  if (!verdict.ok) throw invalidSignature(verdict);
  if (!parseStamp(timestamp)) throw new GatewayRefusal('isv.invalid-timestamp');
  const text = parameters.get('biz_content') ?? '';
  const biz = text === '' ? {} : parseObject(text);
  if (!biz) {
    throw new GatewayRefusal(
      'isv.invalid-parameter',
      'biz_content 不是合法的JSON对象 (no JSON object)',
    );
  }
  return { alipay, app: actingApp(alipay, app, parameters), parameters, biz };
}

/** In certificate mode each call names both sides' certificates. */
function checkCertificates(alipay: Alipay, app: App, parameters: Parameters): void {
  if (app.certificate_sn === null) return;
  const own = need(parameters, 'app_cert_sn', new GatewayRefusal('isv.missing-app-cert-sn'));
  const missing = new GatewayRefusal('isv.missing-alipay-root-cert-sn');
  const root = need(parameters, 'alipay_root_cert_sn', missing);
  if (own !== app.certificate_sn) throw new GatewayRefusal('isv.app-cert-not-exist');
  if (root !== alipay.authority.root_sn) {
    throw new GatewayRefusal('isv.invalid-alipay-root-cert-sn');
  }
}

/** The application as it acts in this call: for the merchant whose token it shows, or itself. */
function actingApp(alipay: Alipay, app: App, parameters: Parameters): App {
  const token = parameters.get('app_auth_token') ?? '';
  if (token === '') return app;
  const acting = alipay.authorizations.actingFor(app, token);
  if (acting === 'unknown') throw new GatewayRefusal('aop.invalid-app-auth-token');
  if (acting === 'expired') throw new GatewayRefusal('aop.app-auth-token-time-out');
  return acting;
}

function merged(query: string, body: string): { parameters: Parameters; method: string } {
  const { parameters, duplicate } = decodeForms(query, body);
  const method = parameters.get('method') ?? '';
  if (duplicate !== undefined) {
    const message = `参数重复：${escapeHtml(duplicate.slice(0, 64))} (sent twice, with two values)`;
    throw new GatewayRefusal('isv.invalid-parameter', message);
  }
  return { parameters, method };
}

/** A page call opened by a browser or a phone; throws GatewayRefusal. */
export function openPageCall(alipay: Alipay, query: string, body: string): Placed {
  const { parameters, method } = merged(query, body);
  const place = PAGES.get(method);
  if (!place) throw new GatewayRefusal('isv.invalid-method');
  return place(openCall(alipay, parameters));
}

function warning(alipay: Alipay, parameters: Parameters): Record<string, string> {
  const at = parseStamp(parameters.get('timestamp') ?? '')?.getTime();
  if (at === undefined) return {};
  const off = at - alipay.options.clock.real().getTime();
  if (Math.abs(off) <= LENIENCY_MS) return {};
  const minutes = Math.round(off / 60_000);
  return { 'x-sandbox-warning': `timestamp is ${minutes} minutes off; it must be Beijing time` };
}

async function run(
  alipay: Alipay,
  name: string,
  parameters: Parameters,
): Promise<Record<string, unknown>> {
  if (name === TOKEN_METHOD) return exchangeToken(openCall(alipay, parameters));
  const method = methodNamed(name);
  if (!method) {
    const known = [...METHODS, ...PAGE_METHODS].map(({ call }) => call);
    throw new GatewayRefusal(
      'isv.invalid-method',
      `不存在的方法名 (this sandbox has: ${known.join(', ')}, ${TOKEN_METHOD})`,
    );
  }
  const call = openCall(alipay, parameters);
  if (method.certificate_only && call.app.certificate_sn === null) {
    throw new GatewayRefusal('isv.missing-app-cert-sn');
  }
  const answer = await method.run(call);
  const code = answer instanceof ClassAnswer ? answer.code : '10000';
  const fields = answer instanceof ClassAnswer ? answer.fields : answer;
  return { code, msg: CODES[code], ...fields };
}

async function committed(alipay: Alipay): Promise<void> {
  try {
    await alipay.options.store.committed();
  } catch (cause) {
    throw new GatewayRefusal('isp.unknow-error', `系统繁忙 (${String(cause)})`);
  }
}

function refusalOf(error: unknown): GatewayRefusal {
  return error instanceof GatewayRefusal ? error : new GatewayRefusal('isp.unknow-error');
}

const BAD_GATEWAY: Reply = {
  status: 502,
  headers: { 'content-type': 'text/html;charset=utf-8' },
  body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
};

async function pageReply(alipay: Alipay, query: string, body: string): Promise<Reply> {
  try {
    const { location } = openPageCall(alipay, query, body);
    await committed(alipay);
    return { status: 303, headers: { location }, body: '' };
  } catch (error) {
    const refusal = refusalOf(error);
    return refusalPage(refusal.answer());
  }
}

function signerFor(alipay: Alipay, app_id: string): Signer {
  const app = alipay.apps.get(app_id);
  return app ? alipay.keyring.signer(app) : { key: alipay.keyring.plain, sn: null };
}

async function jsonReply(alipay: Alipay, query: string, body: string): Promise<Reply> {
  let root = ERROR_ROOT;
  let answer: Record<string, unknown>;
  let extra: Record<string, string> = {};
  let app_id = '';
  try {
    const { parameters, method } = merged(query, body);
    if (method === '') throw new GatewayRefusal('isv.missing-method');
    // The name becomes part of the answer, so nothing but a plain dotted name may.
    if (!/^[A-Za-z0-9_.]{1,128}$/.test(method)) throw new GatewayRefusal('isv.invalid-method');
    root = responseRoot(method);
    app_id = parameters.get('app_id') ?? '';
    extra = warning(alipay, parameters);
    answer = await run(alipay, method, parameters);
    await committed(alipay);
  } catch (error) {
    answer = refusalOf(error).answer();
  }
  const { key, sn } = signerFor(alipay, app_id);
  return {
    status: 200,
    headers: {
      'content-type': 'application/json;charset=utf-8',
      trace_id: randomBytes(15).toString('hex'),
      ...extra,
    },
    body: await buildResponse(key, root, gatewayJson(answer), sn ?? undefined),
  };
}

/** Undefined means that no answer ever comes: the fault dial said so. */
export async function answerGateway(
  alipay: Alipay,
  request: { readonly query: string; readonly body: string },
): Promise<Reply | undefined> {
  const { faults } = alipay.options;
  const method = decodeForms(request.query, request.body).parameters.get('method') ?? '';
  if (faults.strikes('timeout_before_effect', { operation: method })) return undefined;
  if (faults.strikes('error_before_effect', { operation: method })) return BAD_GATEWAY;
  const reply = await (PAGES.has(method) ? pageReply : jsonReply)(
    alipay,
    request.query,
    request.body,
  );
  if (faults.strikes('timeout_after_effect', { operation: method })) return undefined;
  if (faults.strikes('error_after_effect', { operation: method })) return BAD_GATEWAY;
  return reply;
}
