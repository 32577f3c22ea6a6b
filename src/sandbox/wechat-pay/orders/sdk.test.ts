import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Wechatpay } from 'wechatpay-axios-plugin';
import { merchantOf, pay, type RunningSandbox, runSandbox } from '../testing.ts';

/** The judge for sellers, combined orders and payer codes: wechatpay-axios-plugin, as published. */
let running: RunningSandbox;
let counter = 0;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

interface Wire {
  readonly [field: string]: unknown;
  readonly code_url?: string;
  readonly trade_state?: string;
  readonly err_code?: string;
  readonly sub_orders?: readonly Wire[];
}

function client(account: string) {
  const { mchid, serial_no, public_key_id, public_key, private_key, api_v2_key } = merchantOf(
    running,
    account,
  );
  return new Wechatpay({
    mchid,
    serial: serial_no,
    privateKey: private_key,
    certs: { [public_key_id]: public_key },
    secret: api_v2_key,
    baseURL: running.sandbox.url,
    proxy: false,
  });
}

const number = () => {
  counter += 1;
  return `SDK${Date.now()}N${counter}`;
};

/** The refusal's status and body, as the SDK hands them over. */
async function refusal(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    return (error as { response: { status: number; data: Wire } }).response;
  }
  throw new Error('the call was accepted');
}

test('a partner orders for a seller, asks and closes', async () => {
  const { appid, mchid, sub_merchants } = merchantOf(running, 'partner');
  const sdk = client('partner');
  const ids = { sp_mchid: mchid, sub_mchid: sub_merchants[0] };
  const order = () => ({
    ...ids,
    sp_appid: appid,
    description: '龙井茶',
    out_trade_no: number(),
    notify_url: 'http://127.0.0.1:9/notify',
    amount: { total: 88 },
  });
  const root = 'v3/pay/partner/transactions';
  const paid = order();
  const { data } = await sdk.chain(`${root}/native`).post<Wire>(paid);
  await pay(running, data.code_url ?? '');
  const asked = await sdk
    .chain(`${root}/out-trade-no/{out_trade_no}`)
    .get<Wire>({ out_trade_no: paid.out_trade_no, params: ids });
  expect(asked.data).toMatchObject({ ...ids, trade_state: 'SUCCESS' });
  const open = order();
  await sdk.chain(`${root}/native`).post<Wire>(open);
  const closed = await sdk
    .chain(`${root}/out-trade-no/{out_trade_no}/close`)
    .post<Wire>(ids, { out_trade_no: open.out_trade_no });
  expect(closed.status).toBe(204);
});

test('a platform combines orders, asks and closes', async () => {
  const { appid, mchid, sub_merchants } = merchantOf(running, 'platform');
  const sdk = client('platform');
  const order = () => ({
    combine_appid: appid,
    combine_mchid: mchid,
    combine_out_trade_no: number(),
    notify_url: 'http://127.0.0.1:9/notify',
    sub_orders: sub_merchants.map((sub_mchid) => ({
      mchid,
      sub_mchid,
      out_trade_no: number(),
      attach: 'a',
      description: '龙井茶',
      amount: { total_amount: 88, currency: 'CNY' },
    })),
  });
  const root = 'v3/combine-transactions';
  const paid = order();
  const { data } = await sdk.chain(`${root}/native`).post<Wire>(paid);
  await pay(running, data.code_url ?? '');
  const asked = await sdk
    .chain(`${root}/out-trade-no/{combine_out_trade_no}`)
    .get<Wire>({ combine_out_trade_no: paid.combine_out_trade_no });
  const states = asked.data.sub_orders?.map(({ trade_state }) => trade_state);
  expect(states).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
  const open = order();
  await sdk.chain(`${root}/native`).post<Wire>(open);
  const sub_orders = open.sub_orders.map(({ sub_mchid, out_trade_no }) => ({
    mchid,
    sub_mchid,
    out_trade_no,
  }));
  const closed = await sdk
    .chain(`${root}/out-trade-no/{combine_out_trade_no}/close`)
    .post<Wire>(
      { combine_appid: appid, sub_orders },
      { combine_out_trade_no: open.combine_out_trade_no },
    );
  expect(closed.status).toBe(204);
});

describe('payer codes', () => {
  const code = () => running.sandbox.payerCode('lin').code;

  test('are charged and reversed by the third version', async () => {
    const { appid, mchid } = merchantOf(running);
    const sdk = client('direct');
    const charge = (total: number) => ({
      appid,
      mchid,
      description: '龙井茶',
      out_trade_no: number(),
      payer: { auth_code: code() },
      amount: { total },
      scene_info: { store_info: { id: '1' } },
    });
    const root = 'v3/pay/transactions';
    const paid = charge(88);
    const done = await sdk.chain(`${root}/codepay`).post<Wire>(paid);
    expect([done.status, done.data.trade_state]).toEqual([200, 'SUCCESS']);
    const waiting = charge(100_001);
    const waits = await sdk.chain(`${root}/codepay`).post<Wire>(waiting);
    expect([waits.status, waits.data.code]).toEqual([202, 'USERPAYING']);
    for (const { out_trade_no } of [paid, waiting]) {
      const reversed = await sdk
        .chain(`${root}/out-trade-no/{out_trade_no}/reverse`)
        .post<Wire>({ appid, mchid }, { out_trade_no });
      expect(reversed.data).toEqual({ appid, mchid, out_trade_no });
    }
    const again = await refusal(sdk.chain(`${root}/codepay`).post<Wire>(paid));
    expect(again).toMatchObject({ status: 400, data: { code: 'ORDER_REVERSED' } });
  });

  test.each(['MD5', 'HMAC-SHA256'])(
    'are charged, asked for and reversed by %s',
    async (sign_type) => {
      const { appid, mchid } = merchantOf(running);
      const sdk = client('direct');
      const who = { appid, mch_id: mchid, sign_type };
      const out_trade_no = number();
      const charge = {
        ...who,
        body: '龙井茶 <250g> & 茶具',
        out_trade_no,
        total_fee: 88,
        spbill_create_ip: '127.0.0.1',
        auth_code: code(),
      };
      const paid = await sdk.chain('v2/pay/micropay').post<Wire>(charge);
      expect(paid.data).toMatchObject({ result_code: 'SUCCESS', total_fee: '88' });
      const asked = await sdk.chain('v2/pay/orderquery').post<Wire>({ ...who, out_trade_no });
      expect(asked.data).toMatchObject({ trade_state: 'SUCCESS', trade_type: 'MICROPAY' });
      const openid = await sdk
        .chain('v2/tools/authcodetoopenid')
        .post<Wire>({ ...who, auth_code: code() });
      expect(openid.data.openid).toBe(paid.data.openid);
      const reversed = await sdk
        .chain('v2/secapi/pay/reverse')
        .post<Wire>({ ...who, out_trade_no });
      expect(reversed.data).toMatchObject({ result_code: 'SUCCESS', recall: 'N' });
      const again = await refusal(sdk.chain('v2/pay/micropay').post<Wire>(charge));
      expect(again.data).toMatchObject({ result_code: 'FAIL', err_code: 'ORDERREVERSED' });
    },
  );
});
