import { newWalletReference } from '../../ids.ts';
import { untilTold } from '../../sandbox/testing.ts';
import {
  type Ear,
  openEar,
  openTestSandbox,
  type TestSandbox,
} from '../../sandbox/union-pay/testing.ts';
import type { RawNotification } from '../notification.ts';
import type {
  CreateOrder,
  PresentationData,
  RefundOrder,
  Wallet,
  WalletAccount,
} from '../wallet.ts';
import { unionPayWallet } from './wallet.ts';

/** For tests: the connector and its sandbox, with one order to play with at a time. */
export interface AccountChanges {
  readonly settings?: Record<string, unknown>;
  readonly credentials?: Record<string, string>;
}

export interface Bench {
  readonly world: TestSandbox;
  readonly ear: Ear;
  readonly wallet: Wallet;
  readonly account: WalletAccount;
  /** Number of the order in play. */
  readonly reference: string;
  /** A fresh number, deaf to what was heard before, without faults. */
  renew(): Promise<void>;
  accountWith(changes: AccountChanges): WalletAccount;
  order(changes?: Partial<CreateOrder>): CreateOrder;
  refundOf(amount: bigint, changes?: Partial<RefundOrder>): RefundOrder;
  presented(changes?: Partial<CreateOrder>): Promise<PresentationData>;
  /** Orders by code and pays; answers the wallet's number. */
  paid(changes?: Partial<CreateOrder>, person?: string): Promise<string>;
  stop(): Promise<void>;
}

export const AMOUNT = 1234n;

export function rawOf(body: string): RawNotification {
  const headers = { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
  return { headers, body: Buffer.from(body), received_at: new Date() };
}

export async function openBench(): Promise<Bench> {
  const world = await openTestSandbox();
  const ear = await openEar();
  const wallet = unionPayWallet({ real: () => new Date(), timeout_ms: 1_000 });
  let reference = newWalletReference(0);
  function accountWith(changes: AccountChanges): WalletAccount {
    const given = world.sandbox.merchantAccount();
    const settings = { ...given.settings, ...changes.settings };
    const credentials = { ...given.credentials, ...changes.credentials };
    return { id: 'wac_test', wallet: 'union_pay', custody: 'merchant_own', settings, credentials };
  }
  const account = accountWith({});
  const order = (changes: Partial<CreateOrder> = {}): CreateOrder => ({
    wallet_reference: reference,
    amount: AMOUNT,
    currency: 'CNY',
    description: '龙井茶 / 2 = "250g" & {box}',
    presentation: 'qr',
    notify_url: ear.url,
    return_url: 'http://127.0.0.1/return',
    expires_at: new Date(world.clock.now().getTime() + 30 * 60_000),
    client_ip: '127.0.0.1',
    ...changes,
  });
  async function presented(changes?: Partial<CreateOrder>): Promise<PresentationData> {
    const outcome = await wallet.createPayment(account, order(changes));
    if (outcome.kind !== 'presented') throw new Error(JSON.stringify(outcome));
    return outcome.presentation;
  }
  return {
    world,
    ear,
    wallet,
    account,
    get reference() {
      return reference;
    },
    async renew() {
      await untilTold(world.sandbox);
      reference = newWalletReference(0);
      ear.heard.length = 0;
      ear.answer(200);
      world.faults.set([]);
    },
    accountWith,
    order,
    refundOf: (amount, changes = {}) => ({
      wallet_reference: reference,
      refund_reference: newWalletReference(0),
      amount,
      payment_amount: AMOUNT,
      currency: 'CNY',
      reason: 'returned',
      notify_url: ear.url,
      ...changes,
    }),
    presented,
    async paid(changes = {}, person = 'lin') {
      const shown = await presented(changes);
      if (shown.kind !== 'qr') throw new Error('no code');
      const scan = await world.sandbox.scan(person, shown.qr);
      await world.sandbox.confirm(scan.id, 'pay');
      const asked = await wallet.queryPayment(account, changes.wallet_reference ?? reference);
      const fact = asked.kind === 'fact' ? asked.fact : undefined;
      return fact?.wallet_transaction_id ?? '';
    },
    async stop() {
      wallet.stop();
      await ear.stop();
      await world.stop();
    },
  };
}
