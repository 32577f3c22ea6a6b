import type { Wallet, WalletCapabilities, WalletEnvironment } from '../wallet.ts';
import { openAccount, parseAccount } from './account.ts';
import { CALLS } from './calls.ts';
import { checkCredentials } from './check.ts';
import { Client } from './client.ts';
import { answerNotification, verifyNotification } from './notification.ts';
import { closePayment, createPayment, queryPayment } from './orders.ts';
import { queryRefund, refund } from './refunds.ts';

/**
 * The Douyin Pay connector: orders, refunds and notifications of a direct merchant. A code lives
 * two minutes, which is why an attempt at this wallet does too.
 */
const CAPABILITIES: WalletCapabilities = {
  presentations: ['qr', 'h5', 'app'],
  min_expiry_ms: 60_000,
  max_expiry_ms: 2 * 60_000,
  min_amount: 1n,
  max_amount: 10_000_000_000n,
  max_refunds: 50,
  refund_window_days: 365,
  fee_rate: 600n,
  max_hold_days: 30,
};

export function douyinPayWallet(environment: WalletEnvironment): Wallet {
  const client = new Client(environment);
  return {
    name: 'douyin_pay',
    capabilities: CAPABILITIES,
    calls: CALLS,
    parseAccount,
    merchantNumber: (account) => String(account.settings.mchid),
    createPayment: (account, order) => createPayment(client, openAccount(account), order),
    queryPayment: (account, reference) => queryPayment(client, openAccount(account), reference),
    closePayment: (account, reference) => closePayment(client, openAccount(account), reference),
    refund: (account, order) => refund(client, openAccount(account), order),
    queryRefund: (account, asked) => queryRefund(client, openAccount(account), asked),
    verifyNotification: (account, raw) => verifyNotification(client, openAccount(account), raw),
    answerNotification,
    checkCredentials: (account) => checkCredentials(client, openAccount(account)),
    stop: () => client.stop(),
  };
}
