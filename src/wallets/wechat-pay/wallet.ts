import type { Wallet, WalletCapabilities, WalletEnvironment } from '../wallet.ts';
import { openAccount, parseAccount } from './account.ts';
import { bills } from './bills/bills.ts';
import { CALLS } from './calls.ts';
import { checkCredentials } from './check.ts';
import { openClient } from './client.ts';
import { advances } from './ecommerce/advances.ts';
import { onboarding } from './ecommerce/onboarding.ts';
import { platformRefund, queryPlatformRefund } from './ecommerce/refunds.ts';
import { sellerFunds } from './ecommerce/seller-funds.ts';
import { subsidies } from './ecommerce/subsidies.ts';
import { authorizeUrl, exchangeCode } from './login.ts';
import { answerNotification, verifyNotification } from './notification.ts';
import { combined } from './orders/combined.ts';
import { payerCodes } from './orders/payer-codes.ts';
import { closePayment, createPayment, queryPayment } from './orders/payments.ts';
import { payouts } from './payouts/payouts.ts';
import { queryRefund, refund } from './refunds/refunds.ts';
import { stuckRefunds } from './refunds/stuck.ts';
import { splits } from './splits/splits.ts';

/**
 * An order lives longer, but its code and prepay id are dead after two hours. Money is held for 30
 * days at ordinary merchants; `splits.limitsOf` says 180 for platforms.
 */
const CAPABILITIES: WalletCapabilities = {
  presentations: ['qr', 'h5', 'in_app', 'app', 'mini_program'],
  min_expiry_ms: 60_000,
  max_expiry_ms: 2 * 3_600_000,
  min_amount: 1n,
  max_amount: 10_000_000_000n,
  max_refunds: 50,
  refund_window_days: 365,
  fee_rate: 600n,
  max_hold_days: 30,
};

/** The WeChat Pay connector: APIv3 for direct merchants, partners and platforms. */
export function wechatPayWallet(environment: WalletEnvironment): Wallet {
  const client = openClient(environment);
  return {
    name: 'wechat_pay',
    capabilities: CAPABILITIES,
    parseAccount,
    merchantNumber: (account) => String(account.settings.mchid),
    createPayment: (account, order) => createPayment(client, openAccount(account), order),
    queryPayment: (account, wallet_reference, sub_merchant) =>
      queryPayment(client, openAccount(account), { wallet_reference, sub_merchant }),
    closePayment: (account, wallet_reference, sub_merchant) =>
      closePayment(client, openAccount(account), { wallet_reference, sub_merchant }),
    refund: (account, order) => {
      const opened = openAccount(account);
      const apply = opened.role === 'platform' ? platformRefund : refund;
      return apply(client, opened, order);
    },
    queryRefund: (account, order) => {
      const opened = openAccount(account);
      const ask = opened.role === 'platform' ? queryPlatformRefund : queryRefund;
      return ask(client, opened, order);
    },
    verifyNotification: (account, raw) => verifyNotification(client, openAccount(account), raw),
    answerNotification,
    payerCodes: payerCodes(client),
    combined: combined(client),
    splits: splits(client),
    onboarding: onboarding(client),
    payouts: payouts(client),
    bills: bills(client),
    stuckRefunds: stuckRefunds(client),
    subsidies: subsidies(client),
    advances: advances(client),
    sellerFunds: sellerFunds(client),
    calls: CALLS,
    checkCredentials: (account, notify_url) => checkCredentials(client, account, notify_url),
    payerLogin: {
      code_parameter: 'code',
      authorizeUrl: (account, options) => authorizeUrl(openAccount(account), options),
      exchangeCode: async (account, code) => {
        const answer = await exchangeCode(client, openAccount(account), code);
        return answer.kind === 'openid' ? answer.openid : undefined;
      },
    },
    stop: () => {
      client.outbound.stop();
      for (const { sockets } of client.certified.values()) sockets.stop();
    },
  };
}
