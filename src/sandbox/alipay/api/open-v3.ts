import { verifyText } from '../../../protocols/alipay/keys.ts';
import { type Part, parseMultipart } from '../../../protocols/alipay/multipart.ts';
import { decodeForms } from '../../../protocols/alipay/parameters.ts';
import { parseObject } from '../../../protocols/alipay/response.ts';
import { callText, parseAuthorization, type SignedCall } from '../../../protocols/alipay/v3.ts';
import type { Alipay, App } from '../books.ts';
import type { Call } from '../trade/orders.ts';
import { actingApp, appNamed, checkCertificates, checkTime, clearContent } from './authenticate.ts';
import { type Biz, GatewayRefusal } from './biz.ts';
import { explainWrongV3 } from './explain-v3.ts';
import type { Incoming, Passage } from './passage.ts';

/** From a request of OpenAPI v3 to a call that is proven; throws a GatewayRefusal. */
interface Content {
  /** What is signed as body. */
  readonly signed: string;
  readonly files: readonly Part[];
}

/** A JSON body, or the part `data` of an upload: its files are not signed. */
function contentOf(incoming: Incoming): Content {
  const type = incoming.headers['content-type'] ?? '';
  if (!/^multipart\/form-data/i.test(type)) {
    return { signed: incoming.body.toString('utf8'), files: [] };
  }
  const parts = parseMultipart(type, incoming.body);
  const data = parts?.find(({ name, filename }) => name === 'data' && filename === undefined);
  return {
    signed: data?.bytes.toString('utf8') ?? '',
    files: parts?.filter(({ filename }) => filename !== undefined) ?? [],
  };
}

function timeOf(fields: ReadonlyMap<string, string>): number {
  const text = fields.get('timestamp') ?? '';
  if (text === '') throw new GatewayRefusal('isv.missing-timestamp');
  if (!/^\d{13}$/.test(text)) {
    throw new GatewayRefusal('isv.invalid-timestamp', '非法的时间戳参数 (milliseconds, 13 digits)');
  }
  return Number(text);
}

/** A call may say itself how long it is good for. */
function checkExpiry(alipay: Alipay, at: number, fields: ReadonlyMap<string, string>): void {
  checkTime(alipay, at);
  const seconds = fields.get('expired_seconds');
  if (seconds === undefined) return;
  const until = /^\d{1,6}$/.test(seconds) ? at + Number(seconds) * 1000 : 0;
  if (alipay.options.clock.real().getTime() > until) {
    throw new GatewayRefusal('isv.invalid-timestamp', '非法的时间戳参数 (expired_seconds is over)');
  }
}

/** With strict stamps a nonce counts once. */
function checkNonce(alipay: Alipay, app: App, nonce: string): void {
  if (alipay.switches.timestamps !== 'strict') return;
  if (nonce === '' || !alipay.nonces.take(`${app.app_id} ${nonce}`)) {
    throw new GatewayRefusal('isv.suspected-attack', '随机字符串重复 (this nonce was used before)');
  }
}

function queryBiz(query: string): Record<string, unknown> {
  const biz: Record<string, unknown> = {};
  for (const [name, value] of decodeForms(query).parameters) {
    const list: unknown = value.startsWith('[') ? parseObject(`{"list":${value}}`)?.['list'] : null;
    biz[name] = (value.startsWith('{') ? parseObject(value) : list) ?? value;
  }
  return biz;
}

function readBiz(app: App, incoming: Incoming, signed: string): Biz {
  const mark = incoming.target.indexOf('?');
  if (incoming.verb === 'GET') return mark < 0 ? {} : queryBiz(incoming.target.slice(mark + 1));
  if (signed === '') return {};
  const biz = parseObject(clearContent(app, incoming.headers['alipay-encrypt-type'] ?? '', signed));
  if (!biz) throw new GatewayRefusal('isv.illegal-json');
  return biz;
}

/** What gateway.do takes beside `biz_content` stands in the JSON of v3. */
function parametersOf(biz: Biz): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of Object.entries(biz)) {
    if (typeof value === 'string') parameters.set(name, value);
  }
  return parameters;
}

function checkSignature(
  alipay: Alipay,
  app: App,
  call: SignedCall,
  proof: { sign: string; passage: Passage },
): void {
  const { sign, passage } = proof;
  if (verifyText(app.public_key, callText(call), sign)) {
    passage.signature = { state: 'valid', hint: '', expected_text: callText(call) };
    return;
  }
  const verdict = explainWrongV3(alipay, app, call, sign);
  passage.signature = verdict;
  throw new GatewayRefusal(
    'isv.invalid-signature',
    `验签出错，待验签内容为：${JSON.stringify(verdict.expected_text)}。提示：${verdict.hint}`,
  );
}

export function openV3Call(alipay: Alipay, incoming: Incoming, passage: Passage): Call {
  const { headers, verb, target } = incoming;
  const given = parseAuthorization(headers['authorization'] ?? '');
  if (!given) {
    const hint = 'authorization: ALIPAY-SHA256withRSA app_id=…,nonce=…,timestamp=…,sign=…';
    passage.signature = { state: 'missing', hint };
    throw new GatewayRefusal('isv.missing-timestamp');
  }
  const { fields, auth, sign } = given;
  passage.caller = fields.get('app_id') ?? null;
  const app_id = fields.get('app_id') ?? '';
  if (app_id === '') throw new GatewayRefusal('isv.missing-app-id');
  const at = timeOf(fields);
  const app = appNamed(alipay, app_id);
  const own = fields.get('app_cert_sn') ?? '';
  checkCertificates(alipay, app, { own, root: headers['alipay-root-cert-sn'] ?? '' });
  const { signed, files } = contentOf(incoming);
  const token = headers['alipay-app-auth-token'];
  const call: SignedCall = {
    ...{ auth, verb, target, body: signed },
    ...(token !== undefined && { app_auth_token: token }),
  };
  if (sign === '') {
    const hint = '缺少签名参数 (,sign=… is missing)';
    passage.signature = { state: 'missing', hint, expected_text: callText(call) };
    throw new GatewayRefusal('isv.missing-signature');
  }
  checkSignature(alipay, app, call, { sign, passage });
  passage.app = app;
  checkExpiry(alipay, at, fields);
  checkNonce(alipay, app, fields.get('nonce') ?? '');
  const biz = readBiz(app, incoming, signed);
  passage.meet(biz);
  const acting = actingApp(alipay, app, token ?? '');
  return { alipay, app: acting, parameters: parametersOf(biz), biz, files };
}
