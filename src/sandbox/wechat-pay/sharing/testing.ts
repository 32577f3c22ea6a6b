import { createPublicKey } from 'node:crypto';
import { expect } from 'vitest';
import { oaepEncrypt } from '../../../protocols/wechat-pay/oaep.ts';
import { type FundEntry, Funds } from '../../funds.ts';
import { BASIC } from '../money.ts';
import type { OrderRecord } from '../orders/records.ts';
import {
  callApi,
  merchantOf,
  openShop,
  PEOPLE,
  pay,
  type RunningSandbox,
  runSandbox,
  type Shop,
} from '../testing.ts';

/** For the tests of splits, of platforms and of applications: paid orders and their money. */
export type Role = 'direct' | 'partner' | 'platform';

export interface PaidOrder {
  readonly role: Role;
  readonly out_trade_no: string;
  readonly transaction_id: string;
  /** Who got the money. */
  readonly seller: string;
  readonly total: number;
}

export type Answer = Awaited<ReturnType<typeof callApi>>;

export class Bench {
  readonly running: RunningSandbox;
  readonly shop: Shop;
  #count = 0;

  constructor(running: RunningSandbox, shop: Shop) {
    this.running = running;
    this.shop = shop;
  }

  merchant(role: Role) {
    return merchantOf(this.running, role);
  }

  seller(role: Role, index = 0): string {
    const { sub_merchants, mchid } = this.merchant(role);
    return role === 'direct' ? mchid : (sub_merchants[index] ?? '');
  }

  number(): string {
    this.#count += 1;
    return `S${Date.now()}N${this.#count}`;
  }

  post(role: Role, target: string, body: object): Promise<Answer> {
    const headers = { 'Wechatpay-Serial': this.merchant(role).public_key_id };
    return callApi(this.running, { method: 'POST', target, body, account: role, headers });
  }

  get(role: Role, target: string): Promise<Answer> {
    return callApi(this.running, { method: 'GET', target, account: role });
  }

  /** A field for the wallet's eyes. */
  seal(role: Role, text: string): string {
    const key = createPublicKey(this.merchant(role).public_key);
    return oaepEncrypt(key, text) ?? '';
  }

  /** An order that somebody paid a moment ago. */
  async paid(
    role: Role,
    more: { total?: number; sharing?: boolean; subsidy?: number; person?: string } = {},
  ): Promise<PaidOrder> {
    const { appid, mchid } = this.merchant(role);
    const total = more.total ?? 10_000;
    const seller = this.seller(role);
    const ids =
      role === 'direct'
        ? { appid, mchid }
        : { sp_appid: appid, sp_mchid: mchid, sub_mchid: seller };
    const settle_info = {
      profit_sharing: more.sharing ?? true,
      ...(more.subsidy === undefined ? {} : { subsidy_amount: more.subsidy }),
    };
    const out_trade_no = this.number();
    const orders = role === 'direct' ? '/v3/pay/transactions' : '/v3/pay/partner/transactions';
    const made = await this.post(role, `${orders}/native`, {
      ...ids,
      description: '龙井茶 250g',
      out_trade_no,
      notify_url: this.shop.notify_url,
      amount: { total, currency: 'CNY' },
      settle_info,
    });
    if (made.status !== 200) throw new Error(made.text);
    await pay(this.running, String(made.content.code_url), more.person ?? 'lin');
    const query = role === 'direct' ? `mchid=${mchid}` : `sp_mchid=${mchid}&sub_mchid=${seller}`;
    const asked = await this.get(role, `${orders}/out-trade-no/${out_trade_no}?${query}`);
    const transaction_id = String(asked.content.transaction_id);
    return { role, out_trade_no, transaction_id, seller, total };
  }

  /** The id of a person at this merchant's app: who paid says it. */
  async openid(role: Role, person: string): Promise<string> {
    const order = await this.paid(role, { total: 1, sharing: false, person });
    const { mchid } = this.merchant(role);
    const direct = role === 'direct';
    const path = direct ? '/v3/pay/transactions' : '/v3/pay/partner/transactions';
    const query = direct ? `mchid=${mchid}` : `sp_mchid=${mchid}&sub_mchid=${order.seller}`;
    const asked = await this.get(role, `${path}/out-trade-no/${order.out_trade_no}?${query}`);
    const payer = asked.content.payer as Record<string, string>;
    return payer.openid ?? payer.sp_openid ?? '';
  }

  /** Moves business time on. */
  wait(ms: number): void {
    this.running.clock.offset_ms += ms;
  }

  get funds(): Funds {
    return new Funds(this.running.store);
  }

  /** Balance and held part of an account. */
  account(mchid: string): { balance: bigint; held: bigint } {
    const { funds } = this;
    return { balance: funds.balance(mchid, BASIC), held: funds.held(mchid, BASIC) };
  }

  /** Everything anybody has, with the fees the wallet earned: never changes. */
  everything(): bigint {
    const { store, sandbox } = this.running;
    const entries = [...store.collection<FundEntry>('fund_entries').values()];
    const orders = [...store.collection<OrderRecord>('orders').values()];
    const fees = orders.reduce((sum, { fee, fee_returned }) => sum + fee - fee_returned, 0n);
    const merchants = entries.reduce((sum, { direction, amount }) => {
      return direction === 'in' ? sum + amount : sum - amount;
    }, 0n);
    return PEOPLE.reduce((sum, { id }) => sum + sandbox.balance(id), merchants + fees);
  }

  /** One action of the developer's side. */
  async act(name: string, input: object): Promise<unknown> {
    const action = this.running.sandbox.actions.find((known) => known.name === name);
    if (!action) throw new Error(`no action ${name}`);
    return action.run(input);
  }

  /** The next answer for which `done` holds. */
  async until(ask: () => Promise<Answer>, done: (content: Answer['content']) => boolean) {
    const end = Date.now() + 5_000;
    for (;;) {
      const answer = await ask();
      if (done(answer.content)) return answer;
      if (Date.now() > end) throw new Error(`still ${answer.text}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.running.stop(), this.shop.stop()]);
  }
}

export async function openBench(options: Parameters<typeof runSandbox>[0] = {}): Promise<Bench> {
  const [running, shop] = await Promise.all([runSandbox(options), openShop()]);
  return new Bench(running, shop);
}

/** `[status, code, internal]` of a refusal. */
export function refusal(answer: Answer) {
  return [answer.status, answer.content.code];
}

/** As `expect.poll`, with the patience that a busy machine asks for. */
export function poll<T>(look: () => T) {
  return expect.poll(look, { timeout: 5_000 });
}
