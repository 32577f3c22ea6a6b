import { createPrivateKey } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keysFolder } from '../../../test/support/sandbox-keys.ts';
import type { Clock } from '../../clock.ts';
import {
  type Authorization,
  buildAuthorization,
} from '../../protocols/wechat-pay/authorization.ts';
import { parseWireObject } from '../../protocols/wechat-pay/messages.ts';
import {
  newNonce,
  requestMessage,
  rsaSign,
  unixSeconds,
} from '../../protocols/wechat-pay/signature.ts';
import { FaultDial } from '../faults.ts';
import { sandboxRandom } from '../random.ts';
import { RequestLog } from '../requests.ts';
import type { Person, WalletSandbox } from '../sandbox.ts';
import { memoryJournal, SandboxStore } from '../store.ts';
import { startWechatPaySandbox } from './sandbox.ts';

/** What the tests beside this file share: a running sandbox and a shop that takes notices. */
export const PEOPLE: readonly Person[] = [
  { id: 'lin', name: { zh: '林小禾', en: 'Lin Xiaohe' } },
  { id: 'chen', name: { zh: '陈明', en: 'Chen Ming' } },
  { id: 'poor', name: { zh: '赵一元', en: 'Zhao Yiyuan' } },
];

/** A clock whose business time a test moves; its real time is moved only to test signatures. */
export class TestClock implements Clock {
  offset_ms = 0;
  real_offset_ms = 0;
  now(): Date {
    return new Date(Date.now() + this.offset_ms);
  }
  real(): Date {
    return new Date(Date.now() + this.real_offset_ms);
  }
}

export interface RunningSandbox {
  readonly sandbox: WalletSandbox;
  readonly clock: TestClock;
  readonly faults: FaultDial;
  readonly store: SandboxStore;
  readonly requests: RequestLog;
  readonly keys_dir: string;
  stop(): Promise<void>;
}

export async function runSandbox(
  options: {
    refund_delay_ms?: number;
    store?: SandboxStore;
    keys_dir?: string;
    rate_limits?: boolean;
  } = {},
): Promise<RunningSandbox> {
  const keys_dir = options.keys_dir ?? (await keysFolder('wechat_pay'));
  const clock = new TestClock();
  const faults = new FaultDial(7);
  const store = options.store ?? (await SandboxStore.open(memoryJournal));
  const requests = new RequestLog(() => clock.real());
  const sandbox = await startWechatPaySandbox({
    host: '127.0.0.1',
    port: 0,
    keys_dir,
    clock,
    store,
    faults,
    people: PEOPLE,
    notify_pace: 0.001,
    random: sandboxRandom(),
    requests,
    rate_limits: options.rate_limits ?? false,
    refund_delay_ms: options.refund_delay_ms ?? 0,
  });
  return {
    sandbox,
    clock,
    faults,
    store,
    requests,
    keys_dir,
    stop: async () => {
      await sandbox.stop();
      if (options.keys_dir === undefined) await rm(keys_dir, { recursive: true, force: true });
    },
  };
}

/** What a merchant of the sandbox signs calls with; without a name, the first one. */
export function merchantOf({ sandbox }: RunningSandbox, account = 'direct') {
  const found = sandbox.accounts().find(({ role }) => role === account);
  if (!found) throw new Error(`no merchant ${account}`);
  const { settings, credentials, sub_merchants } = found;
  return {
    sub_merchants,
    api_v2_key: credentials.api_v2_key ?? '',
    mchid: String(settings.mchid),
    appid: String(settings.appid),
    serial_no: String(settings.serial_no),
    public_key_id: String(settings.public_key_id),
    private_key: credentials.private_key ?? '',
    public_key: credentials.public_key ?? '',
    api_v3_key: credentials.api_v3_key ?? '',
    app_secret: credentials.app_secret ?? '',
  };
}

export interface RawCall {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  readonly body?: string | object;
  /** Sent in place of what was signed. */
  readonly sent_body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Who calls; the first merchant when absent. */
  readonly account?: string;
  /** Seconds added to the timestamp. */
  readonly skew_s?: number;
  readonly authorization?: (parts: Authorization) => string;
}

/** One signed call, in every detail as the test wants it. */
export async function callApi(running: RunningSandbox, call: RawCall) {
  const merchant = merchantOf(running, call.account);
  const body = typeof call.body === 'object' ? JSON.stringify(call.body) : (call.body ?? '');
  const real = new Date(Date.now() + (call.skew_s ?? 0) * 1000);
  const parts = { timestamp: unixSeconds(real), nonce: newNonce() };
  const { method, target } = call;
  const message = requestMessage({ method, target, ...parts, body });
  const authorization: Authorization = {
    mchid: merchant.mchid,
    serial_no: merchant.serial_no,
    nonce_str: parts.nonce,
    timestamp: parts.timestamp,
    signature: await rsaSign(createPrivateKey(merchant.private_key), message),
  };
  const answer = await fetch(running.sandbox.url + target, {
    method,
    headers: {
      Accept: 'application/json',
      'User-Agent': 'test',
      'Content-Type': 'application/json',
      Authorization: (call.authorization ?? buildAuthorization)(authorization),
      ...call.headers,
    },
    ...(method === 'POST' ? { body: call.sent_body ?? body } : {}),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const text = bytes.toString('utf8');
  const content = parseWireObject(text) ?? {};
  return { status: answer.status, headers: answer.headers, bytes, text, content };
}

let orders = 0;

/** The body of an order of 12.34 yuan under a number of its own. */
export function orderBody(running: RunningSandbox, more: Record<string, unknown> = {}) {
  const { appid, mchid } = merchantOf(running);
  orders += 1;
  return {
    appid,
    mchid,
    description: '龙井茶 250g',
    out_trade_no: `T${process.pid}N${Date.now()}N${orders}`,
    notify_url: 'http://127.0.0.1:9/notify',
    amount: { total: 1234, currency: 'CNY' },
    ...more,
  };
}

/** Makes a Native order and gives its number and code. */
export async function nativeOrder(running: RunningSandbox, more: Record<string, unknown> = {}) {
  const body = orderBody(running, more);
  const target = '/v3/pay/transactions/native';
  const { content } = await callApi(running, { method: 'POST', target, body });
  return { body, out_trade_no: body.out_trade_no, code: String(content.code_url) };
}

export async function pay(running: RunningSandbox, code: string, person = 'lin') {
  const scan = await running.sandbox.scan(person, code);
  return running.sandbox.confirm(scan.id, 'pay');
}

export interface ReceivedNotice {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Shop {
  readonly notify_url: string;
  /** Answers to give, in order; 200 when empty. */
  readonly statuses: number[];
  readonly received: ReceivedNotice[];
  /** Resolves with the n-th notice (from 1), however many have come. */
  notice(n: number): Promise<ReceivedNotice>;
  stop(): Promise<void>;
}

export async function openShop(): Promise<Shop> {
  const received: ReceivedNotice[] = [];
  const statuses: number[] = [];
  const waiting: { n: number; resolve: (notice: ReceivedNotice) => void }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(statuses.shift() ?? 200).end();
      for (const entry of waiting) {
        const notice = received[entry.n - 1];
        if (notice) entry.resolve(notice);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    notify_url: `http://127.0.0.1:${port}/notify`,
    statuses,
    received,
    notice: (n) => {
      const notice = received[n - 1];
      if (notice) return Promise.resolve(notice);
      return new Promise((resolve) => waiting.push({ n, resolve }));
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
