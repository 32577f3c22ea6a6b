import { newWalletReference } from '../../ids.ts';
import {
  type Merchant,
  openMerchant,
  openTestSandbox,
  type TestSandbox,
} from '../../sandbox/alipay/testing.ts';
import { untilTold } from '../../sandbox/testing.ts';
import type { CreateOrder, RefundOrder, Wallet, WalletAccount } from '../wallet.ts';
import { alipayWallet } from './wallet.ts';

/** For tests: the connector and its sandbox, with one order to play with at a time. */
export interface AccountChanges {
  readonly settings?: Record<string, unknown>;
  readonly credentials?: Record<string, string>;
}

export interface Bench {
  readonly world: TestSandbox;
  readonly merchant: Merchant;
  readonly wallet: Wallet;
  readonly account: WalletAccount;
  /** Number of the order in play. */
  readonly reference: string;
  /** A fresh number, deaf to what was heard before. */
  renew(): Promise<void>;
  accountWith(changes: AccountChanges): WalletAccount;
  /** One of the sandbox's other merchants: certificate, platform, isv. */
  accountOf(role: string, changes?: AccountChanges): WalletAccount;
  order(changes?: Partial<CreateOrder>): CreateOrder;
  refundOf(amount: bigint, refund_reference: string): RefundOrder;
  /** What the payer is given: code, link or trade number. */
  presentedCode(changes?: Partial<CreateOrder>): Promise<string>;
  payWith(code: string, person?: string): Promise<void>;
  stop(): Promise<void>;
}

const AMOUNT = 1234n;

function orderFor(world: TestSandbox, notify_url: string, wallet_reference: string): CreateOrder {
  return {
    wallet_reference,
    amount: AMOUNT,
    currency: 'CNY',
    description: '龙井茶 / 2 = "250g" & box',
    presentation: 'qr',
    notify_url,
    return_url: 'http://127.0.0.1/return',
    expires_at: new Date(world.clock.now().getTime() + 30 * 60_000),
    client_ip: '127.0.0.1',
  };
}

export async function openBench(): Promise<Bench> {
  const world = await openTestSandbox();
  const merchant = await openMerchant();
  const wallet = alipayWallet({ real: () => new Date(), timeout_ms: 1_000 });
  let reference = newWalletReference(0);
  function accountOf(role: string, changes: AccountChanges = {}): WalletAccount {
    const given = world.sandbox.accounts().find((one) => one.role === role);
    if (!given) throw new Error(`no ${role}`);
    const settings = { ...given.settings, ...changes.settings };
    const credentials = { ...given.credentials, ...changes.credentials };
    const id = `wac_${role}`;
    return { id, wallet: 'alipay', custody: 'merchant_own', settings, credentials };
  }
  const accountWith = (changes: AccountChanges) => accountOf('key', changes);
  const account = accountWith({});
  const order = (changes: Partial<CreateOrder> = {}): CreateOrder => ({
    ...orderFor(world, merchant.url, reference),
    ...changes,
  });
  return {
    world,
    merchant,
    wallet,
    account,
    get reference() {
      return reference;
    },
    async renew() {
      await untilTold(world.sandbox);
      reference = newWalletReference(0);
      merchant.heard.length = 0;
    },
    accountWith,
    accountOf,
    order,
    refundOf: (amount, refund_reference) => ({
      wallet_reference: reference,
      refund_reference,
      amount,
      payment_amount: AMOUNT,
      currency: 'CNY',
      reason: 'returned',
      notify_url: merchant.url,
    }),
    async presentedCode(changes) {
      const outcome = await wallet.createPayment(account, order(changes));
      if (outcome.kind !== 'presented') throw new Error(`${outcome.kind}: not presented`);
      const { presentation } = outcome;
      if (presentation.kind === 'qr') return presentation.qr;
      return 'params' in presentation ? (presentation.params['tradeNO'] ?? '') : presentation.url;
    },
    async payWith(code, person = 'lin') {
      const scanned = await world.sandbox.scan(person, code);
      await world.sandbox.confirm(scanned.id, 'pay');
    },
    async stop() {
      wallet.stop();
      await merchant.stop();
      await world.stop();
    },
  };
}
