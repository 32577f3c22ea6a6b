import type { Wallet, WalletCapabilities, WalletEnvironment } from '../wallet.ts';
import { openAccount, parseAccount } from './account.ts';
import { bills } from './bills/bills.ts';
import { CALLS } from './calls.ts';
import { checkCredentials } from './check.ts';
import { Client } from './client.ts';
import { answerNotification, verifyNotification } from './notification.ts';
import { payerCodes } from './orders/charges.ts';
import { closePayment, createPayment, queryPayment } from './orders/payments.ts';
import { queryRefund, refund } from './refunds/refunds.ts';

/**
 * UnionPay as a wallet of the hub: the online gateway (ACP 5.1.0) with its codes, pages and app
 * orders. Nobody logs in through the hub: the payer is known to UnionPay alone.
 */
const CAPABILITIES: WalletCapabilities = {
  presentations: ['qr', 'page', 'h5', 'app'],
  min_expiry_ms: 60_000,
  max_expiry_ms: 7 * 86_400_000,
  min_amount: 1n,
  /** Twelve digits of fen. */
  max_amount: 999_999_999_999n,
  max_refunds: 50,
  refund_window_days: 330,
  fee_rate: 600n,
  max_hold_days: 0,
};

export function unionPayWallet(environment: WalletEnvironment): Wallet {
  const client = new Client(environment);
  return {
    name: 'union_pay',
    capabilities: CAPABILITIES,
    parseAccount,
    merchantNumber: (account) => openAccount(account).mer_id,
    createPayment: (account, order) => createPayment(client, openAccount(account), order),
    queryPayment: (account, reference) => queryPayment(client, openAccount(account), reference),
    closePayment: (account, reference) => closePayment(client, openAccount(account), reference),
    refund: (account, order) => refund(client, openAccount(account), order),
    queryRefund: (account, asked) => queryRefund(client, openAccount(account), asked),
    verifyNotification: async (account, raw) => verifyNotification(openAccount(account), raw),
    answerNotification,
    checkCredentials: (account) => checkCredentials(client, account),
    payerCodes: payerCodes(client),
    bills: bills(client),
    calls: CALLS,
    stop: () => client.stop(),
  };
}
