import { alipayWallet } from './alipay/wallet.ts';
import { douyinPayWallet } from './douyin-pay/wallet.ts';
import { unionPayWallet } from './union-pay/wallet.ts';
import type { Wallet, WalletEnvironment } from './wallet.ts';
import { wechatPayWallet } from './wechat-pay/wallet.ts';

/** One connector for every name in WALLETS. */
export function allConnectors(environment: WalletEnvironment): readonly Wallet[] {
  return [
    wechatPayWallet(environment),
    alipayWallet(environment),
    unionPayWallet(environment),
    douyinPayWallet(environment),
  ];
}
