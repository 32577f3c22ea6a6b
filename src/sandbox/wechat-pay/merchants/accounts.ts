import { join } from 'node:path';
import type { Merchant } from './keys.ts';
import type { TrustMode } from './settings.ts';

const TRUST = { cert: 'certificate', both: 'both', pubkey: 'public_key' } as const;

/** What a connector needs to act as this merchant, in the way it now trusts the wallet. */
export function merchantAccount(merchant: Merchant, trust: TrustMode, url: string) {
  const public_key = trust !== 'cert';
  return {
    settings: {
      mchid: merchant.mchid,
      appid: merchant.appid,
      serial_no: merchant.serial_no,
      role: merchant.role,
      trust: TRUST[trust],
      ...(public_key ? { public_key_id: merchant.public_key_id } : {}),
      endpoint: url,
      oauth_endpoint: url,
      bridge_url: `${url}/bridge.js`,
    },
    credentials: {
      private_key: merchant.private_key,
      certificate: merchant.certificate,
      api_v3_key: merchant.api_v3_key,
      api_v2_key: merchant.api_v2_key,
      ...(public_key ? { public_key: merchant.public_key } : {}),
      app_secret: merchant.app_secret,
    },
  };
}

/** The same for scripts in any language: addresses, numbers and the files of the keys. */
export function scriptAccess(
  merchant: Merchant,
  url: string,
  keys_dir: string,
): Readonly<Record<string, string>> {
  return {
    url,
    mchid: merchant.mchid,
    appid: merchant.appid,
    serial_no: merchant.serial_no,
    private_key_file: join(keys_dir, 'wechat_pay_merchant_private_key.pem'),
    api_v3_key: merchant.api_v3_key,
    public_key_id: merchant.public_key_id,
    public_key_file: join(keys_dir, 'wechat_pay_public_key.pem'),
  };
}
