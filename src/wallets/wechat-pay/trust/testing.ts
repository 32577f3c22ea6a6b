import { newWalletReference } from '../../../ids.ts';
import { act } from '../../../sandbox/wechat-pay/merchants/testing.ts';
import {
  merchantOf,
  openShop,
  pay,
  type ReceivedNotice,
  runSandbox,
} from '../../../sandbox/wechat-pay/testing.ts';
import type { RawNotification } from '../../notification.ts';
import type { CreateOrder, WalletAccount } from '../../wallet.ts';
import { wechatPayWallet } from '../wallet.ts';

/** The connector beside a running sandbox, as any of its merchants and with any trust. */
export async function openTrustBench(options: { timeout_ms?: number } = {}) {
  const [running, shop] = await Promise.all([runSandbox(), openShop()]);
  // Real time, moved where a test wants the connector to be later than the wallet.
  const time = { ahead_ms: 0 };
  const real = () => new Date(Date.now() + time.ahead_ms);
  const wallet = wechatPayWallet({ real, timeout_ms: options.timeout_ms ?? 3000 });

  /** A fresh account object each time, as after a change of settings. */
  function account(role: string, change: Change = {}): WalletAccount {
    const given = running.sandbox.accounts().find((each) => each.role === role);
    if (!given) throw new Error(`no merchant ${role}`);
    return {
      id: change.id ?? `wac_${role}`,
      wallet: 'wechat_pay',
      custody: 'merchant_own',
      settings: { ...given.settings, ...change.settings },
      credentials: { ...given.credentials, ...change.credentials },
    };
  }

  function order(more: Partial<CreateOrder> = {}): CreateOrder {
    return {
      wallet_reference: newWalletReference(0),
      amount: 1234n,
      currency: 'CNY',
      description: '龙井茶 250g',
      presentation: 'qr',
      notify_url: shop.notify_url,
      return_url: 'http://127.0.0.1:9/back',
      expires_at: new Date(Date.now() + 3_600_000),
      client_ip: '127.0.0.1',
      ...more,
    };
  }

  /** The code of an order made, or the reason why there is none. */
  async function presented(as: WalletAccount, request = order()) {
    const outcome = await wallet.createPayment(as, request);
    if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr') {
      throw new Error(JSON.stringify(outcome));
    }
    return outcome.presentation.qr;
  }

  async function noticeOf(as: WalletAccount, request = order()): Promise<RawNotification> {
    const before = shop.received.length;
    await pay(running, await presented(as, request));
    return raw(await shop.notice(before + 1));
  }

  return {
    running,
    shop,
    wallet,
    time,
    account,
    order,
    presented,
    noticeOf,
    requests: () => running.requests.list({ limit: 500 }),
    trust: (role: string, mode: string, percent = 0) => {
      const { mchid } = merchantOf(running, role);
      return act(running, 'trust', { mchid, mode, percent });
    },
    stop: async () => {
      wallet.stop();
      await Promise.all([running.stop(), shop.stop()]);
    },
  };
}

export interface Change {
  readonly id?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly credentials?: Readonly<Record<string, string>>;
}

export function raw({ headers, body }: ReceivedNotice): RawNotification {
  const flat = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return { headers: Object.fromEntries(flat), body, received_at: new Date() };
}

export type TrustBench = Awaited<ReturnType<typeof openTrustBench>>;
