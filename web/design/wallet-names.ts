import type { WalletName } from '../../src/wallets/wallet.ts';
import type { Language } from './language.ts';

/** Wallets as shoppers call them, and the other name the same shopper may know. */
export const WALLET_NAMES = {
  wechat_pay: { zh: '微信支付', en: 'WeChat Pay' },
  alipay: { zh: '支付宝', en: 'Alipay' },
  union_pay: { zh: '银联', en: 'UnionPay' },
  douyin_pay: { zh: '抖音支付', en: 'Douyin Pay' },
} as const satisfies Record<WalletName, Record<Language, string>>;

/** The app the payer opens: WeChat Pay lives in WeChat. */
export const WALLET_APPS = {
  wechat_pay: { zh: '微信', en: 'WeChat' },
  alipay: { zh: '支付宝', en: 'Alipay' },
  union_pay: { zh: '云闪付', en: 'UnionPay' },
  douyin_pay: { zh: '抖音', en: 'Douyin' },
} as const satisfies Record<WalletName, Record<Language, string>>;

export function walletName(wallet: WalletName, language: Language): string {
  return WALLET_NAMES[wallet][language];
}
