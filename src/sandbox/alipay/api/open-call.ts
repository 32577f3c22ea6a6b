import { isSignType } from '../../../protocols/alipay/keys.ts';
import type { Parameters } from '../../../protocols/alipay/parameters.ts';
import { requestText, verifyRequest } from '../../../protocols/alipay/request.ts';
import { parseObject } from '../../../protocols/alipay/response.ts';
import { parseStamp } from '../../../protocols/alipay/trade.ts';
import { escapeHtml } from '../../html.ts';
import type { Alipay, App } from '../books.ts';
import type { Call } from '../trade/orders.ts';
import { actingApp, appNamed, checkCertificates, checkTime, clearContent } from './authenticate.ts';
import { type Biz, GatewayRefusal } from './biz.ts';
import { explainWrong } from './explain.ts';
import type { Passage } from './passage.ts';
import type { GatewayRequest } from './read-gateway.ts';

/** From a request of gateway.do to a call that is proven; throws a GatewayRefusal. */
const MAX_SHOWN_TEXT = 8192;
const BASE64 = /^[A-Za-z0-9+/]{16,}={0,2}$/;

function need(parameters: Parameters, name: string, missing: GatewayRefusal): string {
  const value = parameters.get(name) ?? '';
  if (value === '') throw missing;
  return value;
}

function checkForm(request: GatewayRequest): void {
  const { parameters, charset, duplicate } = request;
  if (duplicate !== undefined) {
    const message = `参数重复：${escapeHtml(duplicate.slice(0, 64))} (sent twice, with two values)`;
    throw new GatewayRefusal('isv.invalid-parameter', message);
  }
  const format = parameters.get('format') ?? 'JSON';
  if (format.toUpperCase() !== 'JSON') throw new GatewayRefusal('isv.invalid-format');
  if (!charset) {
    throw new GatewayRefusal('isv.invalid-charset', '字符集错误，仅支持utf-8、gbk、gb2312');
  }
}

function checkSignature(alipay: Alipay, app: App, request: GatewayRequest, passage: Passage): void {
  const type = request.parameters.get('sign_type') ?? '';
  if (!isSignType(type)) {
    throw new GatewayRefusal('isv.invalid-signature-type', '无效的签名类型，仅支持RSA2、RSA');
  }
  if (type === 'RSA' && !alipay.switches.allowsRsa(app.app_id)) {
    throw new GatewayRefusal(
      'isv.missing-signature-config',
      '验签出错，未配置对应签名算法的公钥或者证书 (this application signs with RSA2)',
    );
  }
  const { bytes, charset = 'utf-8' } = request;
  if (verifyRequest(app.public_key, bytes, type)) {
    passage.signature = { state: 'valid', hint: '', expected_text: shownText(request) };
    return;
  }
  const verdict = explainWrong(alipay, { app, bytes, charset, type });
  passage.signature = verdict;
  const shown = escapeHtml((verdict.expected_text ?? '').slice(0, MAX_SHOWN_TEXT));
  const empty = [...bytes].filter(([, value]) => value === '').map(([name]) => name);
  const named = empty.length > 0 ? `。空值参数：${escapeHtml(empty.join(','))}` : '';
  const message = `验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：${shown}`;
  throw new GatewayRefusal(
    'isv.invalid-signature',
    `${message}${named}。提示：${escapeHtml(verdict.hint)}`,
  );
}

function shownText({ bytes, charset = 'utf-8' }: GatewayRequest): string {
  return new TextDecoder(charset).decode(Buffer.from(requestText(bytes), 'latin1'));
}

function readBiz(app: App, parameters: Parameters): Biz {
  const text = parameters.get('biz_content') ?? '';
  const type = parameters.get('encrypt_type') ?? '';
  if (text === '') return {};
  if (type === '' && BASE64.test(text)) {
    throw new GatewayRefusal('isv.decryption-error-missing-encrypt-type');
  }
  const biz = parseObject(clearContent(app, type, text));
  if (!biz) {
    throw new GatewayRefusal(
      'isv.invalid-parameter',
      'biz_content 不是合法的JSON对象 (no JSON object)',
    );
  }
  return biz;
}

/** The wallet's own order of checks: who, with what, when, and only then about what. */
export function openCall(alipay: Alipay, request: GatewayRequest, passage: Passage): Call {
  const { parameters } = request;
  checkForm(request);
  const app_id = need(parameters, 'app_id', new GatewayRefusal('isv.missing-app-id'));
  need(parameters, 'sign_type', new GatewayRefusal('isv.missing-signature-type'));
  if ((parameters.get('sign') ?? '') === '') {
    passage.signature = { state: 'missing', hint: 'sign', expected_text: shownText(request) };
    throw new GatewayRefusal('isv.missing-signature');
  }
  const timestamp = need(parameters, 'timestamp', new GatewayRefusal('isv.missing-timestamp'));
  need(parameters, 'version', new GatewayRefusal('isv.missing-version'));
  const app = appNamed(alipay, app_id);
  checkCertificates(alipay, app, {
    own: parameters.get('app_cert_sn') ?? '',
    root: parameters.get('alipay_root_cert_sn') ?? '',
  });
  checkSignature(alipay, app, request, passage);
  passage.app = app;
  const stamp = parseStamp(timestamp);
  if (!stamp) throw new GatewayRefusal('isv.invalid-timestamp');
  checkTime(alipay, stamp.getTime());
  const biz = readBiz(app, parameters);
  passage.meet(biz);
  const acting = actingApp(alipay, app, parameters.get('app_auth_token') ?? '');
  return { alipay, app: acting, parameters, biz, files: request.files };
}
