import { MAX_AMOUNT } from '../../money.ts';
import type { Wallet, WalletCapabilities, WalletEnvironment } from '../wallet.ts';
import { openAccount, parseAccount } from './account.ts';
import { bills } from './bills/bills.ts';
import { CALLS } from './calls.ts';
import { checkCredentials } from './check.ts';
import { onboarding } from './direct/onboarding.ts';
import { Gateway } from './gateway.ts';
import { payerLogin } from './login.ts';
import { answerNotification, verifyNotification } from './notification.ts';
import { payouts } from './payouts/payouts.ts';
import { splits } from './royalty/splits.ts';
import { combined } from './trade/combined.ts';
import { payerCodes } from './trade/payer-codes.ts';
import { closePayment, createPayment, queryPayment } from './trade/payments.ts';
import { queryRefund, refund } from './trade/refunds.ts';

/** Alipay as a wallet of the hub: gateway.do or OpenAPI v3, in key or certificate mode. */
const CAPABILITIES: WalletCapabilities = {
  presentations: ['qr', 'page', 'h5', 'in_app', 'app', 'mini_program'],
  min_expiry_ms: 60_000,
  max_expiry_ms: 15 * 86_400_000,
  min_amount: 1n,
  max_amount: MAX_AMOUNT,
  max_refunds: 50,
  refund_window_days: 365,
  fee_rate: 600n,
  max_hold_days: 30,
};

export function alipayWallet(environment: WalletEnvironment): Wallet {
  const gateway = new Gateway(environment);
  return {
    name: 'alipay',
    capabilities: CAPABILITIES,
    parseAccount,
    merchantNumber: (account) => openAccount(account).seller_id,
    createPayment: (account, order) => createPayment(gateway, openAccount(account), order),
    queryPayment: (account, reference) => queryPayment(gateway, openAccount(account), reference),
    closePayment: (account, reference) => closePayment(gateway, openAccount(account), reference),
    refund: (account, order) => refund(gateway, openAccount(account), order),
    queryRefund: (account, asked) => queryRefund(gateway, openAccount(account), asked),
    verifyNotification: (account, raw) => verifyNotification(gateway, openAccount(account), raw),
    answerNotification,
    payerCodes: payerCodes(gateway),
    combined: combined(gateway),
    splits: splits(gateway),
    onboarding: onboarding(gateway),
    bills: bills(gateway),
    payouts: payouts(gateway),
    calls: CALLS,
    checkCredentials: (account) => checkCredentials(gateway, account),
    payerLogin: payerLogin(gateway),
    stop: () => gateway.stop(),
  };
}
