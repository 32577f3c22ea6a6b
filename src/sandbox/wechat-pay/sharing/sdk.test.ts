import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import { type Bench, openBench, poll, type Role } from './testing.ts';

/** The judge: wechatpay-axios-plugin, as published, splits and takes back over a socket. */
let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.stop());

interface Wire {
  readonly [field: string]: unknown;
}

function client(role: Role) {
  const { mchid, serial_no: serial, private_key: privateKey, ...keys } = bench.merchant(role);
  const certs = { [keys.public_key_id]: keys.public_key };
  const baseURL = bench.running.sandbox.url;
  return new Wechatpay({ mchid, serial, privateKey, certs, baseURL, proxy: false });
}

async function post(role: Role, path: string, body: Wire): Promise<Wire> {
  const headers = { 'Wechatpay-Serial': bench.merchant(role).public_key_id };
  return (await client(role).chain(path).post<Wire>(body, { headers })).data;
}

async function get(role: Role, path: string, variables: Wire): Promise<Wire> {
  return (await client(role).chain(path).get<Wire>(variables)).data;
}

test('a partner splits for its seller, to an encrypted name, and takes it back', async () => {
  const { appid, public_key, private_key } = bench.merchant('partner');
  const receiver = bench.merchant('direct').mchid;
  const sub_mchid = bench.seller('partner');
  const name = Rsa.encrypt('胡同集市', public_key);
  const added = await post('partner', 'v3/profitsharing/receivers/add', {
    ...{ sub_mchid, appid, name },
    type: 'MERCHANT_ID',
    account: receiver,
    relation_type: 'PARTNER',
  });
  expect(Rsa.decrypt(String(added.name), private_key)).toBe('胡同集市');
  const { transaction_id } = await bench.paid('partner');
  bench.wait(60_000);
  const out_order_no = bench.number();
  const split = await post('partner', 'v3/profitsharing/orders', {
    ...{ sub_mchid, appid, transaction_id, out_order_no },
    receivers: [{ type: 'MERCHANT_ID', account: receiver, amount: 300, description: '分账' }],
    unfreeze_unsplit: false,
  });
  expect(split).toMatchObject({ state: 'PROCESSING', sub_mchid });
  const params = { sub_mchid, transaction_id };
  const query = () =>
    get('partner', 'v3/profitsharing/orders/{out_order_no}', { out_order_no, params });
  await poll(query).toMatchObject({ state: 'FINISHED', receivers: [{ result: 'SUCCESS' }] });
  const out_return_no = bench.number();
  await post('partner', 'v3/profitsharing/return-orders', {
    ...{ sub_mchid, out_order_no, out_return_no },
    return_mchid: receiver,
    amount: 300,
    description: '回退',
  });
  const returned = () =>
    get('partner', 'v3/profitsharing/return-orders/{out_return_no}', {
      out_return_no,
      params: { sub_mchid, out_order_no },
    });
  await poll(returned).toMatchObject({ result: 'SUCCESS', amount: 300 });
});

test('a platform pays a person under an encrypted name', async () => {
  const { appid, public_key } = bench.merchant('platform');
  const account = await bench.openid('platform', 'chen');
  const encrypted_name = Rsa.encrypt('陈明', public_key);
  await post('platform', 'v3/ecommerce/profitsharing/receivers/add', {
    ...{ appid, account, encrypted_name },
    type: 'PERSONAL_OPENID',
    relation_type: 'OTHERS',
  });
  const { transaction_id, seller: sub_mchid } = await bench.paid('platform');
  bench.wait(30_000);
  const out_order_no = bench.number();
  const had = bench.running.sandbox.balance('chen');
  const split = (receiver_name: string) =>
    post('platform', 'v3/ecommerce/profitsharing/orders', {
      ...{ appid, sub_mchid, transaction_id, out_order_no },
      receivers: [
        {
          type: 'PERSONAL_OPENID',
          receiver_account: account,
          receiver_name: Rsa.encrypt(receiver_name, public_key),
          amount: 150,
          description: '推广',
        },
      ],
      finish: true,
    });
  await expect(split('林小禾')).rejects.toMatchObject({ response: { status: 400 } });
  const [first, again] = [await split('陈明'), await split('陈明')];
  expect(again.order_id).toBe(first.order_id);
  await poll(() => bench.running.sandbox.balance('chen')).toBe(had + 150n);
});
