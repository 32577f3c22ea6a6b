import type { Alipay, App } from '../books.ts';

/**
 * The wallet changes the certificate it signs with for one application, as it does before the old
 * one runs out, without asking. The new one can be downloaded by its number.
 */
export async function rotateFor(alipay: Alipay, app: App): Promise<string> {
  const { authority, keyring, options } = alipay;
  const common_name = `支付宝(中国)网络技术有限公司-${app.seller_id}`;
  const issued = await authority.issue({ common_name, at: options.clock.real() });
  const sn = keyring.add({
    app_id: app.app_id,
    certificate: `${issued.certificate}\n${authority.certificate}`,
    private_key: issued.private_key,
  });
  await options.store.committed();
  return sn;
}
