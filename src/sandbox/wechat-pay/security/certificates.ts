import { shanghaiTime } from '../../../clock.ts';
import { sealCertificate } from '../../../protocols/wechat-pay/certificates.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { parameterError, WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';

const ALGORITHMS = ['RSA', 'SM2', 'ALL'];

/**
 * GET /v3/certificates: those in force, each encrypted under the merchant's APIv3 key. A merchant
 * that has the public key alone has none.
 */
export function listCertificates(
  context: SandboxContext,
  merchant: Merchant,
  query: URLSearchParams,
): object {
  const algorithm = query.get('algorithm_type') ?? 'RSA';
  if (!ALGORITHMS.includes(algorithm)) {
    throw parameterError({
      field: '/algorithm_type',
      value: algorithm.slice(0, 32),
      issue: 'not RSA, SM2 or ALL',
      location: 'query',
      message: '证书算法类型只能为RSA、SM2或ALL',
    });
  }
  const none = algorithm === 'SM2' || context.keys.settings.of(merchant).trust === 'pubkey';
  if (none) {
    throw new WechatPayRefusal(
      404,
      'RESOURCE_NOT_EXISTS',
      INTERNAL_CODE.bad_parameter,
      '该商户没有可用的平台证书，请在商户平台申请并使用微信支付公钥',
    );
  }
  const data = context.keys.platform.published.map(({ serial, pem, not_before, not_after }) =>
    sealCertificate({
      pem,
      serial_no: serial,
      effective_time: shanghaiTime(not_before),
      expire_time: shanghaiTime(not_after),
      api_v3_key: merchant.api_v3_key,
    }),
  );
  return { data };
}
