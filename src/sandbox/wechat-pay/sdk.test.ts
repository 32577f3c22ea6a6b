import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import { merchantOf, openShop, type RunningSandbox, runSandbox, type Shop } from './testing.ts';

/** The judge: wechatpay-axios-plugin, as published, against the sandbox over a socket. */
let running: RunningSandbox;
let shop: Shop;
let counter = 0;

beforeAll(async () => {
  [running, shop] = await Promise.all([runSandbox(), openShop()]);
});
afterAll(async () => {
  await Promise.all([running.stop(), shop.stop()]);
});

const account = () => merchantOf(running);

function client(baseURL = running.sandbox.url, privateKey = account().private_key) {
  const { mchid, serial_no: serial, public_key_id, public_key } = account();
  const certs = { [public_key_id]: public_key };
  return new Wechatpay({ mchid, serial, privateKey, certs, baseURL, proxy: false });
}

/** Fields of answers that these tests read. */
interface Wire {
  readonly [field: string]: unknown;
  readonly code_url?: string;
  readonly h5_url?: string;
  readonly prepay_id?: string;
  readonly refund_id?: string;
  readonly transaction_id?: string;
  readonly payer?: { readonly openid: string };
}

const NATIVE = 'v3/pay/transactions/native';
const ORDER = 'v3/pay/transactions/out-trade-no/{out_trade_no}';
const REFUNDS = 'v3/refund/domestic/refunds';

/** Path variables stand in braces; the SDK fills them from `variables`. */
function get(path: string, variables: Record<string, unknown>) {
  return client().chain(path).get<Wire>(variables);
}

function post(path: string, body: Wire, variables: Record<string, unknown> = {}, sdk = client()) {
  return sdk.chain(path).post<Wire>(body, variables);
}

function query(out_trade_no: string) {
  return get(ORDER, { out_trade_no, params: { mchid: account().mchid } });
}

function order(more: Record<string, unknown> = {}) {
  const settings = account();
  counter += 1;
  return {
    appid: settings.appid,
    mchid: settings.mchid,
    description: '龙井茶 250g',
    out_trade_no: `SDK${Date.now()}${counter}`,
    notify_url: shop.notify_url,
    amount: { total: 1234, currency: 'CNY' },
    ...more,
  };
}

/** Passes a call on to the sandbox and changes one character of the answer. */
async function relay(request: IncomingMessage, body: Buffer, response: ServerResponse) {
  const dropped = ['connection', 'content-length', 'host'];
  const headers = Object.entries(request.headers).filter(([name]) => !dropped.includes(name));
  const answer = await fetch(running.sandbox.url + request.url, {
    method: 'POST',
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    body,
  });
  const text = (await answer.text()).replace('bizpayurl?pr=', 'bizpayurl?pr=Z');
  const kept = [...answer.headers].filter(([name]) => name.startsWith('wechatpay-'));
  response.writeHead(answer.status, Object.fromEntries(kept)).end(text);
}

/** The refusal's HTTP status and body, as the SDK hands them over. */
async function refusal(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    const { response } = error as {
      response: { status: number; data: Record<string, unknown>; headers: Record<string, string> };
    };
    return response;
  }
  throw new Error('the call was accepted');
}

async function paid(more: Record<string, unknown> = {}) {
  const body = order(more);
  const { data } = await post(NATIVE, body);
  const scan = await running.sandbox.scan('lin', data.code_url ?? '');
  await running.sandbox.confirm(scan.id, 'pay');
  return body;
}

describe('orders', () => {
  test('a Native order is made, paid and queried by both numbers', async () => {
    const settings = account();
    const body = await paid({ attach: 'shelf 7' });
    const params = { mchid: settings.mchid };
    const byOwn = await query(body.out_trade_no);
    expect(byOwn.data).toMatchObject({
      trade_state: 'SUCCESS',
      trade_type: 'NATIVE',
      attach: 'shelf 7',
      amount: { total: 1234, payer_total: 1234, currency: 'CNY' },
    });
    const { transaction_id } = byOwn.data;
    expect(transaction_id).toMatch(/^4200\d{24}$/);
    const byTheirs = await get('v3/pay/transactions/id/{transaction_id}', {
      params,
      transaction_id,
    });
    expect(byTheirs.data).toEqual(byOwn.data);
  });

  test('an H5 order gives a link and a JSAPI order a prepay id', async () => {
    const scene_info = { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap' } };
    const h5 = await post('v3/pay/transactions/h5', order({ scene_info }));
    expect(h5.data.h5_url).toContain(`${running.sandbox.url}/cgi-bin/mmpayweb-bin/checkmweb?`);
    const native = await paid();
    const known = await query(native.out_trade_no);
    const { payer } = known.data;
    const jsapi = await post('v3/pay/transactions/jsapi', order({ payer }));
    expect(jsapi.data.prepay_id).toMatch(/^wx\d{14}[0-9a-f]{20}$/);
  });

  test('a close is answered by a signed 204, again and again', async () => {
    const settings = account();
    const body = order();
    await post(NATIVE, body);
    const { out_trade_no } = body;
    const close = () => post(`${ORDER}/close`, { mchid: settings.mchid }, { out_trade_no });
    const first = await close();
    expect(first.status).toBe(204);
    expect(first.headers['wechatpay-signature']).toBeTruthy();
    expect((await close()).status).toBe(204);
    const again = await refusal(post(NATIVE, body));
    expect(again).toMatchObject({ status: 400, data: { code: 'ORDER_CLOSED' } });
  });

  test('an unknown order is a 404 that names the internal code', async () => {
    const answer = await refusal(query('NOSUCHORDER'));
    expect(answer).toMatchObject({ status: 404, data: { code: 'ORDER_NOT_EXIST' } });
    expect(answer.headers['request-id']).toMatch(/^08.*-268512771$/);
  });
});

describe('refunds', () => {
  test('a refund is accepted, arrives and can be queried', async () => {
    const body = await paid();
    const out_refund_no = `R${body.out_trade_no}`;
    const request = {
      out_trade_no: body.out_trade_no,
      out_refund_no,
      notify_url: shop.notify_url,
      amount: { refund: 200, total: 1234, currency: 'CNY' },
    };
    const created = await post(REFUNDS, request);
    expect(created.data).toMatchObject({ out_refund_no, amount: { refund: 200, total: 1234 } });
    expect(created.data.refund_id).toMatch(/^503\d{26}$/);
    await expect
      .poll(async () => {
        const { data } = await get(`${REFUNDS}/{out_refund_no}`, { out_refund_no });
        return data.status;
      })
      .toBe('SUCCESS');
  });
});

describe('notifications', () => {
  test('are verified and decrypted by the tools of the SDK', async () => {
    await expect.poll(() => running.sandbox.pendingNotifications(), { timeout: 20_000 }).toBe(0);
    const before = shop.received.length;
    const body = await paid();
    const notice = await shop.notice(before + 1);
    const { headers } = notice;
    const message = Formatter.response(
      String(headers['wechatpay-timestamp']),
      String(headers['wechatpay-nonce']),
      notice.body.toString('utf8'),
    );
    const signature = String(headers['wechatpay-signature']);
    const key = createPublicKey(account().public_key);
    expect(Rsa.verify(message, signature, key)).toBe(true);
    expect(Rsa.verify(`${message} `, signature, key)).toBe(false);
    const { resource, event_type } = JSON.parse(notice.body.toString('utf8'));
    expect(event_type).toBe('TRANSACTION.SUCCESS');
    const plain = Aes.AesGcm.decrypt(
      resource.ciphertext,
      account().api_v3_key,
      resource.nonce,
      resource.associated_data,
    );
    expect(JSON.parse(plain)).toMatchObject({
      out_trade_no: body.out_trade_no,
      trade_state: 'SUCCESS',
      amount: { total: 1234 },
    });
  });
});

describe('tampered messages', () => {
  test('a request under another key is SIGN_ERROR and shows the string that was signed', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const body = order();
    const stranger = client(running.sandbox.url, privateKey);
    const answer = await refusal(post(NATIVE, body, {}, stranger));
    expect(answer.status).toBe(401);
    expect(answer.data).toMatchObject({
      code: 'SIGN_ERROR',
      detail: {
        detail: { issue: 'sign not match' },
        field: 'signature',
        sign_information: { method: 'POST', url: '/v3/pay/transactions/native' },
      },
    });
    expect(JSON.stringify(answer.data.detail)).toContain(body.out_trade_no);
  });

  test('an answer changed on its way is refused by the SDK', async () => {
    const middle = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => void relay(request, Buffer.concat(chunks), response));
    });
    await new Promise<void>((resolve) => middle.listen(0, '127.0.0.1', resolve));
    const { port } = middle.address() as AddressInfo;
    const through = client(`http://127.0.0.1:${port}`);
    await expect(post(NATIVE, order(), {}, through)).rejects.toMatchObject({
      code: 'EV3_RES_HEADER_SIGNATURE_DIGEST',
    });
    await new Promise((resolve) => middle.close(resolve));
  });
});
