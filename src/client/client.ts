import {
  type Keys,
  keysOf,
  type Merchants,
  merchantsOf,
  type Platforms,
  platformsOf,
  type WalletAccounts,
  walletAccountsOf,
} from './accounts.ts';
import { type Bills, type Breaks, billsOf, breaksOf } from './finance/bills.ts';
import { type LedgerAccounts, ledgerOf } from './finance/ledger.ts';
import { type Payouts, payoutsOf, type Settlements, settlementsOf } from './finance/money.ts';
import { type Holds, holdsOf, type Receivers, receiversOf } from './market.ts';
import { type Payments, paymentsOf, type Refunds, refundsOf } from './payments.ts';
import { type ClientOptions, createSend } from './transport.ts';
import {
  type Deliveries,
  deliveriesOf,
  type Events,
  eventsOf,
  type WebhookEndpoints,
  webhookEndpointsOf,
} from './webhooks.ts';

export type {
  Enrolment,
  Key,
  Merchant,
  MintedKey,
  Platform,
  WalletAccount,
  WalletAccountCheck,
} from './account-objects.ts';
export {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  HutongError,
  InternalError,
  InvalidRequestError,
  NotFoundError,
  OutcomeUnknownError,
  PermissionError,
  RateLimitedError,
  WalletRefusedError,
  WalletUnavailableError,
} from './errors.ts';
export {
  type BillEvent,
  type BreakEvent,
  EVENT_TYPES,
  type Event,
  type HoldEvent,
  type PaymentEvent,
  type PayoutEvent,
  type RefundEvent,
  type SettlementEvent,
  type SplitEvent,
} from './events.ts';
export type { Bill, BillReport, Break } from './finance/bill-objects.ts';
export type { LedgerAccount } from './finance/ledger.ts';
export type { NewPayout } from './finance/money.ts';
export type {
  Balance,
  Payout,
  Settlement,
  SettlementLine,
  Statement,
  StatementLine,
} from './finance/money-objects.ts';
export type { NewReceiver, NewSplit } from './market.ts';
export type { Hold, Receiver, Split } from './market-objects.ts';
export type {
  Attempt,
  Delivery,
  List,
  Payment,
  Refund,
  TimelineEntry,
  WalletChoice,
  WalletName,
  WebhookEndpoint,
  WebhookEndpointWithSecret,
} from './objects.ts';
export type { NewAttempt, NewPayment, NewRefund } from './payments.ts';
export type { ClientOptions } from './transport.ts';
export {
  verifyWebhook,
  type WebhookMistake,
  type WebhookToVerify,
  WebhookVerificationError,
} from './verify-webhook.ts';

/** `hutong/client`: the typed client of the API. It needs Node 20 and nothing else. */
export interface Hutong {
  readonly payments: Payments;
  readonly refunds: Refunds;
  readonly holds: Holds;
  readonly receivers: Receivers;
  readonly settlements: Settlements;
  readonly payouts: Payouts;
  readonly bills: Bills;
  readonly breaks: Breaks;
  readonly ledger: LedgerAccounts;
  readonly merchants: Merchants;
  readonly platforms: Platforms;
  readonly keys: Keys;
  readonly walletAccounts: WalletAccounts;
  readonly webhookEndpoints: WebhookEndpoints;
  readonly events: Events;
  readonly deliveries: Deliveries;
}

/**
 * A client for one API key. Every call is tried again where that is safe (`max_retries`), honours
 * Retry-After, and throws a HutongError of the class that fits, or a ConnectionError.
 */
export function createClient(options: ClientOptions): Hutong {
  const send = createSend(options);
  return {
    payments: paymentsOf(send),
    refunds: refundsOf(send),
    holds: holdsOf(send),
    receivers: receiversOf(send),
    settlements: settlementsOf(send),
    payouts: payoutsOf(send),
    bills: billsOf(send),
    breaks: breaksOf(send),
    ledger: ledgerOf(send),
    merchants: merchantsOf(send),
    platforms: platformsOf(send),
    keys: keysOf(send),
    walletAccounts: walletAccountsOf(send),
    webhookEndpoints: webhookEndpointsOf(send),
    events: eventsOf(send),
    deliveries: deliveriesOf(send),
  };
}
