import { vi } from 'vitest';
import { callApi, merchantOf, pay, type RunningSandbox, runSandbox } from '../testing.ts';

/** For tests: a sandbox whose business clock stands where a test puts it, and what to do in it. */
export interface Sale {
  readonly out_trade_no: string;
  readonly total: number;
  readonly account: string;
  readonly sub_mchid: string | undefined;
}

export interface BillWorld {
  readonly running: RunningSandbox;
  /** Sets the business clock: `2031-03-05 12:00:00` in Shanghai. */
  at(stamp: string): void;
  call(target: string, options?: { account?: string; body?: object }): ReturnType<typeof callApi>;
  /** Makes an order and lets Lin pay it. */
  sell(wanted?: SaleWanted): Promise<Sale>;
  giveBack(sale: Sale, amount: number, out_refund_no?: string): Promise<Record<string, unknown>>;
  /** The link's path and query, and the SHA-1 that was stated. */
  link(target: string, account?: string): Promise<{ target: string; sha1: string }>;
  /** A bill's file, asked for and fetched. */
  file(target: string, account?: string): Promise<Buffer>;
  stop(): Promise<void>;
}

export interface SaleWanted {
  readonly total?: number;
  readonly description?: string;
  readonly attach?: string;
  readonly account?: string;
  readonly sub_mchid?: string;
  readonly profit_sharing?: boolean;
  readonly person?: string;
}

export const DAY = '2031-03-05';
export const NEXT_DAY = '2031-03-06';
let counter = 0;

function orderOf(running: RunningSandbox, wanted: SaleWanted) {
  const account = wanted.account ?? 'direct';
  const { appid, mchid } = merchantOf(running, account);
  const ids =
    account === 'direct'
      ? { appid, mchid }
      : { sp_appid: appid, sp_mchid: mchid, sub_mchid: wanted.sub_mchid };
  counter += 1;
  return {
    ...ids,
    description: wanted.description ?? '龙井茶 250g',
    out_trade_no: `B${process.pid}N${counter.toString().padStart(6, '0')}`,
    notify_url: 'http://127.0.0.1:9/notify',
    amount: { total: wanted.total ?? 1234, currency: 'CNY' },
    ...(wanted.attach === undefined ? {} : { attach: wanted.attach }),
    ...(wanted.profit_sharing ? { settle_info: { profit_sharing: true } } : {}),
  };
}

export async function openBillWorld(): Promise<BillWorld> {
  const running = await runSandbox();
  const call: BillWorld['call'] = (target, { account = 'direct', body } = {}) =>
    callApi(
      running,
      body ? { method: 'POST', target, account, body } : { method: 'GET', target, account },
    );
  async function link(target: string, account = 'direct') {
    const { status, text, content } = await call(target, { account });
    if (status !== 200) throw new Error(text);
    const url = new URL(String(content.download_url));
    return { target: url.pathname + url.search, sha1: String(content.hash_value) };
  }
  /** Before anybody moves the clock: a refund ends a moment later, by the clock of then. */
  async function refundAtRest(target: string, account: string) {
    const rests = async () => (await call(target, { account })).content.status !== 'PROCESSING';
    await vi.waitUntil(rests, { timeout: 20_000 });
  }
  return {
    running,
    at(stamp) {
      running.clock.offset_ms = Date.parse(`${stamp.replace(' ', 'T')}+08:00`) - Date.now();
    },
    call,
    async sell(wanted = {}) {
      const account = wanted.account ?? 'direct';
      const body = orderOf(running, wanted);
      const partner = account === 'direct' ? '' : '/partner';
      const made = await call(`/v3/pay${partner}/transactions/native`, { account, body });
      const person = wanted.person ?? 'lin';
      if (running.sandbox.balance(person) < 10_000_000n) {
        await running.sandbox.setBalance(person, 1_000_000_000n);
      }
      await pay(running, String(made.content.code_url), person);
      const { out_trade_no, amount } = body;
      return { out_trade_no, total: amount.total, account, sub_mchid: wanted.sub_mchid };
    },
    async giveBack(sale, amount, out_refund_no) {
      counter += 1;
      const body = {
        ...(sale.sub_mchid === undefined ? {} : { sub_mchid: sale.sub_mchid }),
        out_trade_no: sale.out_trade_no,
        out_refund_no: out_refund_no ?? `R${process.pid}N${counter}`,
        amount: { refund: amount, total: sale.total, currency: 'CNY' },
      };
      const { account } = sale;
      const platform = account === 'platform';
      const path = platform ? '/v3/ecommerce/refunds/apply' : '/v3/refund/domestic/refunds';
      const sp_appid = merchantOf(running, account).appid;
      const answer = await call(path, { account, body: platform ? { ...body, sp_appid } : body });
      if (answer.status !== 200) throw new Error(answer.text);
      const folder = platform
        ? '/v3/ecommerce/refunds/out-refund-no'
        : '/v3/refund/domestic/refunds';
      const seller = sale.sub_mchid === undefined ? '' : `?sub_mchid=${sale.sub_mchid}`;
      await refundAtRest(`${folder}/${body.out_refund_no}${seller}`, account);
      return answer.content;
    },
    link,
    async file(target, account = 'direct') {
      const found = await link(target, account);
      const { status, bytes } = await call(found.target, { account });
      if (status !== 200) throw new Error(bytes.toString());
      return bytes;
    },
    stop: () => running.stop(),
  };
}
