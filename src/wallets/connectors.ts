import { alipayWallet } from './alipay/wallet.ts';
import { douyinPayWallet } from './douyin-pay/wallet.ts';
import { unionPayWallet } from './union-pay/wallet.ts';
import { WALLETS, type Wallet, type WalletEnvironment, type WalletName } from './wallet.ts';
import { wechatPayWallet } from './wechat-pay/wallet.ts';

const CONNECTORS: Readonly<Record<WalletName, (environment: WalletEnvironment) => Wallet>> = {
  wechat_pay: wechatPayWallet,
  alipay: alipayWallet,
  union_pay: unionPayWallet,
  douyin_pay: douyinPayWallet,
};

/** One connector for every name in WALLETS, in their order. */
export function allConnectors(environment: WalletEnvironment): readonly Wallet[] {
  return WALLETS.map((name) => CONNECTORS[name](environment));
}
