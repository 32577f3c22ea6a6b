import { decryptContent, parseAesKey } from '../../../protocols/alipay/content.ts';
import type { Alipay, App } from '../books.ts';
import { GatewayRefusal } from './biz.ts';

/** The checks that gateway.do and v3 share, each throwing a GatewayRefusal. */
const WINDOW_MS = 15 * 60_000;

export function appNamed(alipay: Alipay, app_id: string): App {
  const app = alipay.apps.get(app_id);
  if (!app) throw new GatewayRefusal('isv.invalid-app-id');
  return app;
}

/** In certificate mode each call names both sides' certificates. */
export function checkCertificates(
  alipay: Alipay,
  app: App,
  named: { own: string; root: string },
): void {
  if (app.certificate_sn === null) return;
  if (named.own === '') throw new GatewayRefusal('isv.missing-app-cert-sn');
  if (named.root === '') throw new GatewayRefusal('isv.missing-alipay-root-cert-sn');
  if (named.own !== app.certificate_sn) throw new GatewayRefusal('isv.app-cert-not-exist');
  if (named.root !== alipay.authority.root_sn) {
    throw new GatewayRefusal('isv.invalid-alipay-root-cert-sn');
  }
}

/** The application as it acts in this call: for the merchant whose token it shows, or itself. */
export function actingApp(alipay: Alipay, app: App, token: string): App {
  if (token === '') return app;
  const acting = alipay.authorizations.actingFor(app, token);
  if (acting === 'unknown') throw new GatewayRefusal('aop.invalid-app-auth-token');
  if (acting === 'expired') throw new GatewayRefusal('aop.app-auth-token-time-out');
  return acting;
}

/** Milliseconds by which a stamp is off, when that is more than the wallet should take. */
export function offBy(alipay: Alipay, at: number): number | undefined {
  const off = at - alipay.options.clock.real().getTime();
  return Math.abs(off) > WINDOW_MS ? off : undefined;
}

/** How far a stamp may be off is not published; the sandbox only warns unless told otherwise. */
export function checkTime(alipay: Alipay, at: number): void {
  const off = offBy(alipay, at);
  if (off !== undefined && alipay.switches.timestamps === 'strict') {
    const minutes = Math.round(off / 60_000);
    throw new GatewayRefusal(
      'isv.invalid-timestamp',
      `非法的时间戳参数 (${minutes} minutes off; this sandbox is set to strict)`,
    );
  }
}

/** Content in the clear; `type` is what the call says of its encryption. */
export function clearContent(app: App, type: string, text: string): string {
  if (type === '') return text;
  if (type !== 'AES') throw new GatewayRefusal('isv.invalid-encrypt-type');
  const clear = decryptContent(parseAesKey(app.aes_key), text);
  if (clear === undefined) {
    throw new GatewayRefusal(
      'isv.decryption-error-unknown',
      '解密出错，未知错误 (is this the AES key of this application? AES-128-CBC, zero IV, base64)',
    );
  }
  return clear;
}
