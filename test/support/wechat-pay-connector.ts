import { newWalletReference } from '../../src/ids.ts';
import { openShop, pay, runSandbox } from '../../src/sandbox/wechat-pay/testing.ts';
import type { CreateOrder, WalletAccount } from '../../src/wallets/wallet.ts';
import { wechatPayWallet } from '../../src/wallets/wechat-pay/wallet.ts';

/** The WeChat Pay connector beside a running sandbox and a shop that takes notifications. */
export async function openConnector() {
  const [running, shop] = await Promise.all([runSandbox(), openShop()]);
  const wallet = wechatPayWallet({ real: () => new Date(), timeout_ms: 2000 });

  function accountAt(settings: Record<string, unknown> = {}): WalletAccount {
    const given = running.sandbox.merchantAccount();
    const parsed = wallet.parseAccount({ ...given, settings: { ...given.settings, ...settings } });
    return { id: 'wac_test', wallet: 'wechat_pay', custody: 'merchant_own', ...parsed };
  }
  const account = accountAt();

  /** Another merchant of the sandbox: a partner, a platform. */
  function accountOf(role: string, more: Record<string, unknown> = {}) {
    const given = running.sandbox.accounts().find((each) => each.role === role);
    if (!given) throw new Error(`no merchant ${role}`);
    const { settings, credentials, sub_merchants } = given;
    const parsed = wallet.parseAccount({ settings: { ...settings, ...more }, credentials });
    const id = `wac_${role}_${JSON.stringify(more).length}`;
    const made: WalletAccount = {
      id,
      wallet: 'wechat_pay',
      custody: 'merchant_own',
      ...parsed,
    };
    return { account: made, sub_merchants };
  }

  function order(more: Partial<CreateOrder> = {}): CreateOrder {
    return {
      wallet_reference: newWalletReference(0),
      amount: 1234n,
      currency: 'CNY',
      description: '龙井茶 🍵 250g',
      presentation: 'qr',
      notify_url: shop.notify_url,
      return_url: 'http://127.0.0.1:9/back?a=1&b=2',
      expires_at: new Date(Date.now() + 3_600_000),
      client_ip: '127.0.0.1',
      ...more,
    };
  }

  async function presented(request: CreateOrder) {
    const outcome = await wallet.createPayment(account, request);
    if (outcome.kind !== 'presented') throw new Error(JSON.stringify(outcome.trace));
    return outcome;
  }

  /** An order that Lin has paid by scanning its code. */
  async function paid(more: Partial<CreateOrder> = {}) {
    const request = order(more);
    const { presentation } = await presented(request);
    if (presentation.kind !== 'qr') throw new Error('no code');
    await pay(running, presentation.qr);
    return request;
  }

  function refundOf(request: CreateOrder, amount: bigint) {
    return {
      wallet_reference: request.wallet_reference,
      refund_reference: newWalletReference(0),
      amount,
      payment_amount: request.amount,
      currency: 'CNY' as const,
      reason: '退货',
      notify_url: shop.notify_url,
    };
  }

  async function stop() {
    wallet.stop();
    await Promise.all([running.stop(), shop.stop()]);
  }
  return {
    running,
    shop,
    wallet,
    account,
    accountAt,
    accountOf,
    order,
    presented,
    paid,
    refundOf,
    stop,
  };
}

export type Connector = Awaited<ReturnType<typeof openConnector>>;
