import { createPrivateKey, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Aes, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import { merchantOf, openShop, type RunningSandbox, runSandbox, type Shop } from '../testing.ts';

/** Transfers to persons, asked for by wechatpay-axios-plugin as published. */
let running: RunningSandbox;
let shop: Shop;
let openid: string;
let counter = 0;

interface Wire {
  readonly [field: string]: unknown;
}

const BILLS = 'v3/fund-app/mch-transfer/transfer-bills';
const BY_OWN = `${BILLS}/out-bill-no/{out_bill_no}`;
const CONSENTS = 'v3/fund-app/mch-transfer/user-confirm-authorization';
const CONSENT = `${CONSENTS}/out-authorization-no/{out_authorization_no}`;
const DAY_MS = 86_400_000;

function sdk() {
  const { mchid, serial_no: serial, private_key: privateKey, ...rest } = merchantOf(running);
  const certs = { [rest.public_key_id]: rest.public_key };
  const { url: baseURL } = running.sandbox;
  return new Wechatpay({ mchid, serial, privateKey, certs, baseURL, proxy: false });
}

function post(path: string, body: Wire, variables: Record<string, unknown> = {}) {
  // Names the key that encrypted the payee's name.
  const headers = { 'Wechatpay-Serial': merchantOf(running).public_key_id };
  return sdk()
    .chain(path)
    .post<Wire>(body, { ...variables, headers });
}

async function query(out_bill_no: string): Promise<Wire> {
  return (await sdk().chain(BY_OWN).get<Wire>({ out_bill_no })).data;
}

async function refusal(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    const { response } = error as { response: { status: number; data: Wire } };
    return response;
  }
  throw new Error('the call was accepted');
}

/** The openid of a person at the merchant's app, as a paid order shows it. */
async function openidOf(person: string): Promise<string> {
  const { appid, mchid } = merchantOf(running);
  const out_trade_no = `PAID${person}${Date.now()}`;
  const order = { appid, mchid, description: 'tea', out_trade_no, amount: { total: 1 } };
  const { data } = await post('v3/pay/transactions/native', {
    ...order,
    notify_url: 'http://127.0.0.1:9/notify',
  });
  const scan = await running.sandbox.scan(person, String(data.code_url));
  await running.sandbox.confirm(scan.id, 'pay');
  const found = await sdk()
    .chain('v3/pay/transactions/out-trade-no/{out_trade_no}')
    .get<Wire>({ out_trade_no, params: { mchid } });
  return (found.data as { payer: { openid: string } }).payer.openid;
}

function bill(more: Wire = {}): Wire & { out_bill_no: string } {
  counter += 1;
  return {
    appid: merchantOf(running).appid,
    out_bill_no: `BILL${counter}`,
    transfer_scene_id: '1000',
    openid,
    transfer_amount: 520,
    transfer_remark: '春节活动',
    notify_url: shop.notify_url,
    transfer_scene_report_infos: [
      { info_type: '活动名称', info_content: '新会员有礼' },
      { info_type: '奖励说明', info_content: '一等奖' },
    ],
    ...more,
  };
}

function sealedName(name: string): Wire {
  return { user_name: Rsa.encrypt(name, createPublicKey(merchantOf(running).public_key)) };
}

async function notice(out_bill_no: string): Promise<{ event_type: string; content: Wire }> {
  let found: { event_type: string; content: Wire } | undefined;
  await expect
    .poll(() => {
      for (const { body } of shop.received) {
        const { event_type, resource } = JSON.parse(body.toString('utf8'));
        const { api_v3_key } = merchantOf(running);
        const { ciphertext, nonce, associated_data } = resource;
        const text = Aes.AesGcm.decrypt(ciphertext, api_v3_key, nonce, associated_data);
        if (text.includes(`"${out_bill_no}"`)) found = { event_type, content: JSON.parse(text) };
      }
      return found;
    })
    .toBeDefined();
  if (!found) throw new Error('no notice');
  return found;
}

async function act(name: string, input: object): Promise<Wire> {
  const action = running.sandbox.actions.find((known) => known.name === name);
  if (!action) throw new Error(`no action ${name}`);
  return (await action.run(input)) as Wire;
}

beforeAll(async () => {
  [running, shop] = await Promise.all([runSandbox(), openShop()]);
  openid = await openidOf('lin');
});
afterAll(async () => {
  await Promise.all([running.stop(), shop.stop()]);
});
beforeEach(() => {
  running.faults.set([]);
  // Yesterday's transfers no longer count against today's quotas.
  running.clock.offset_ms += DAY_MS;
});

describe('a transfer that the payee confirms', () => {
  test('waits on their phone, arrives when accepted, and the merchant is told', async () => {
    const before = running.sandbox.balance('lin');
    const body = bill();
    const { data } = await post(BILLS, body);
    expect(data).toMatchObject({ out_bill_no: body.out_bill_no, state: 'WAIT_USER_CONFIRM' });
    expect(data.package_info).toMatch(/^[A-Za-z0-9+/]{64}$/);
    const [waiting] = running.sandbox.receivable('lin');
    expect(waiting).toMatchObject({ payer: '胡同集市', amount: 520n, description: '春节活动' });
    expect(running.sandbox.receivable('chen')).toEqual([]);
    await running.sandbox.answerTransfer(waiting?.id ?? '', 'accept');
    const { event_type, content } = await notice(body.out_bill_no);
    expect(event_type).toBe('MCHTRANSFER.BILL.FINISHED');
    expect(content).toMatchObject({ state: 'SUCCESS', transfer_amount: 520, openid });
    expect(running.sandbox.balance('lin')).toBe(before + 520n);
    const byTheirs = await sdk()
      .chain(`${BILLS}/transfer-bill-no/{transfer_bill_no}`)
      .get<Wire>({ transfer_bill_no: data.transfer_bill_no });
    expect(byTheirs.data).toMatchObject({ mch_id: merchantOf(running).mchid, state: 'SUCCESS' });
    await expect(running.sandbox.answerTransfer(waiting?.id ?? '', 'accept')).rejects.toThrow(
      'transfer_over',
    );
  });

  test('unconfirmed for 24 hours of business time, it fails and the money is back', async () => {
    const body = bill();
    await post(BILLS, body);
    const short = await act('transfers/top-up', { mchid: merchantOf(running).mchid, amount: 1 });
    running.clock.offset_ms += DAY_MS;
    const { content } = await notice(body.out_bill_no);
    expect(content).toMatchObject({ state: 'FAIL', fail_reason: 'OVERDUE_CLOSE' });
    const after = await act('transfers/top-up', { mchid: merchantOf(running).mchid, amount: 1 });
    expect(after.available).toBe((short.available as bigint) + 520n + 1n);
    expect(running.sandbox.receivable('lin')).toEqual([]);
  });

  test('closing the page leaves it waiting; the merchant can then cancel it', async () => {
    const body = bill();
    const { data } = await post(BILLS, body);
    await running.sandbox.answerTransfer(String(data.transfer_bill_no), 'decline');
    expect(running.sandbox.receivable('lin')).toHaveLength(1);
    const cancel = () => post(`${BY_OWN}/cancel`, {}, { out_bill_no: body.out_bill_no });
    expect((await cancel()).data).toMatchObject({ state: 'CANCELING' });
    expect((await notice(body.out_bill_no)).content).toMatchObject({ state: 'CANCELLED' });
    expect((await cancel()).data).toMatchObject({ state: 'CANCELLED' });
    expect(running.sandbox.receivable('lin')).toEqual([]);
  });

  test('a confirmed one can no longer be cancelled', async () => {
    const body = bill();
    const { data } = await post(BILLS, body);
    await running.sandbox.answerTransfer(String(data.transfer_bill_no), 'accept');
    const { out_bill_no } = body;
    const answer = await refusal(post(`${BY_OWN}/cancel`, {}, { out_bill_no }));
    expect(answer).toMatchObject({ status: 400, data: { code: 'INVALID_REQUEST' } });
  });

  test('may fail after it was accepted, and the money is back', async () => {
    running.faults.set([{ fault: 'payout_fails', probability: 1, remaining: 1 }]);
    const before = running.sandbox.balance('lin');
    const body = bill();
    const { data } = await post(BILLS, body);
    await running.sandbox.answerTransfer(String(data.transfer_bill_no), 'accept');
    const { content } = await notice(body.out_bill_no);
    expect(content).toMatchObject({ state: 'FAIL', fail_reason: 'PAYEE_ACCOUNT_ABNORMAL' });
    expect(running.sandbox.balance('lin')).toBe(before);
  });
});

describe('the same number', () => {
  test('with the same data answers as it stands, with other data is refused', async () => {
    const body = bill(sealedName('林小禾'));
    const first = (await post(BILLS, body)).data;
    // A name encrypted anew is the same name.
    const again = (await post(BILLS, { ...body, ...sealedName('林小禾') })).data;
    expect(again.transfer_bill_no).toBe(first.transfer_bill_no);
    expect(running.sandbox.receivable('lin')).toHaveLength(1);
    for (const other of [{ transfer_amount: 521 }, sealedName('林大禾')]) {
      const answer = await refusal(post(BILLS, { ...body, ...other }));
      expect(answer).toMatchObject({ status: 400, data: { code: 'INVALID_REQUEST' } });
    }
  });
});

describe('the payee’s name', () => {
  test('is needed from 2,000 yuan on, and given back encrypted to the merchant', async () => {
    const large = { transfer_amount: 200_000 };
    expect(await refusal(post(BILLS, bill(large)))).toMatchObject({ status: 400 });
    const body = bill({ ...large, ...sealedName('林小禾') });
    await post(BILLS, body);
    const found = await query(body.out_bill_no);
    const key = createPrivateKey(merchantOf(running).private_key);
    expect(Rsa.decrypt(String(found.user_name), key)).toBe('林小禾');
    await expect.poll(() => query(body.out_bill_no)).toMatchObject({ state: 'WAIT_USER_CONFIRM' });
  });

  test('of another person makes the transfer fail', async () => {
    const body = bill(sealedName('陈明'));
    await post(BILLS, body);
    const { content } = await notice(body.out_bill_no);
    expect(content).toMatchObject({ state: 'FAIL', fail_reason: 'NAME_NOT_CORRECT' });
  });

  test('in plain text is refused', async () => {
    const answer = await refusal(post(BILLS, bill({ user_name: '林小禾' })));
    expect(answer).toMatchObject({ status: 400, data: { code: 'PARAM_ERROR' } });
  });
});

describe('what is refused', () => {
  test.each([
    ['another app id', { appid: 'wx0000000000000000' }, 400, 'APPID_MCHID_NOT_MATCH'],
    ['an openid of nobody', { openid: 'oNobody' }, 400, 'PARAM_ERROR'],
    ['less than 0.10 yuan', { transfer_amount: 9 }, 400, 'PARAM_ERROR'],
    ['an unknown scene', { transfer_scene_id: '9999' }, 400, 'PARAM_ERROR'],
    ['a scene half reported', { transfer_scene_id: '1005' }, 400, 'INVALID_REQUEST'],
    ['a number with a dash', { out_bill_no: 'A-1' }, 400, 'PARAM_ERROR'],
    ['a field it does not know', { currency: 'CNY' }, 400, 'PARAM_ERROR'],
  ])('%s', async (_, more, status, code) => {
    const answer = await refusal(post(BILLS, bill(more)));
    expect(answer).toMatchObject({ status, data: { code } });
  });

  test('more than the operation account holds, until it is topped up', async () => {
    running.faults.set([{ fault: 'merchant_short', probability: 1, remaining: 1 }]);
    const body = bill();
    const answer = await refusal(post(BILLS, body));
    expect(answer).toMatchObject({ status: 403, data: { code: 'NOT_ENOUGH' } });
    expect((await post(BILLS, body)).data).toMatchObject({ state: 'WAIT_USER_CONFIRM' });
  });

  test('more than 20,000 yuan to one person in a day', async () => {
    const name = sealedName('林小禾');
    await post(BILLS, bill({ transfer_amount: 1_999_990, ...name }));
    const answer = await refusal(post(BILLS, bill({ transfer_amount: 20 })));
    expect(answer).toMatchObject({ status: 403, data: { code: 'QUOTA_EXCEED' } });
    running.clock.offset_ms += DAY_MS;
    await post(BILLS, bill({ transfer_amount: 20 }));
  });

  test('a number nobody has, and one older than 30 days', async () => {
    const body = bill();
    await post(BILLS, body);
    expect(await refusal(query('NONE'))).toMatchObject({
      status: 404,
      data: { code: 'NOT_FOUND' },
    });
    running.clock.offset_ms += 31 * DAY_MS;
    expect(await refusal(query(body.out_bill_no))).toMatchObject({ status: 404 });
  });
});

describe('a standing consent', () => {
  async function asked() {
    counter += 1;
    const body = {
      out_authorization_no: `CONSENT${counter}`,
      appid: merchantOf(running).appid,
      openid,
      transfer_scene_id: '1000',
      user_display_name: 'wx_lin',
      user_recv_perception: '现金奖励',
      authorization_notify_url: shop.notify_url,
    };
    const { data } = await post(CONSENTS, body);
    expect(data).toMatchObject({ state: 'WAIT_USER_CONFIRM' });
    const waiting = running.sandbox.receivable('lin').find(({ consent }) => consent);
    return { number: body.out_authorization_no, body, id: waiting?.id ?? '' };
  }

  test('lets later transfers arrive unasked, until it is closed', async () => {
    const { number, id } = await asked();
    const under = { authorization_id: id };
    const early = await refusal(post(`${BILLS}/transfer`, bill(under)));
    expect(early).toMatchObject({ status: 403, data: { code: 'NO_AUTH' } });
    await running.sandbox.answerTransfer(id, 'accept');
    expect((await notice(number)).content).toMatchObject({ state: 'TAKING_EFFECT' });
    const before = running.sandbox.balance('lin');
    const body = bill(under);
    await post(`${BILLS}/transfer`, body);
    expect((await notice(body.out_bill_no)).content).toMatchObject({ state: 'SUCCESS' });
    expect(running.sandbox.balance('lin')).toBe(before + 520n);
    const other = bill({ ...under, openid: await openidOf('chen') });
    expect(await refusal(post(`${BILLS}/transfer`, other))).toMatchObject({ status: 403 });
    const closed = await post(`${CONSENT}/close`, {}, { out_authorization_no: number });
    expect(closed.data).toMatchObject({
      state: 'CLOSED',
      close_info: { close_reason: 'CLOSE_VIA_MCH_API' },
    });
    expect(await refusal(post(`${BILLS}/transfer`, bill(under)))).toMatchObject({ status: 403 });
  });

  test('ends when the payee withdraws it, or never confirms', async () => {
    const granted = await asked();
    await running.sandbox.answerTransfer(granted.id, 'accept');
    await act('transfers/end-consent', { authorization_id: granted.id });
    const get = (number: string) =>
      sdk().chain(CONSENT).get<Wire>({ out_authorization_no: number });
    expect((await get(granted.number)).data).toMatchObject({
      close_info: { close_reason: 'USER_CLOSE' },
    });
    const ignored = await asked();
    running.clock.offset_ms += DAY_MS;
    expect((await get(ignored.number)).data).toMatchObject({
      state: 'CLOSED',
      close_info: { close_reason: 'USER_OVERDUE_UNCONFIRMED' },
    });
    const again = await refusal(post(CONSENTS, ignored.body));
    expect(again).toMatchObject({ status: 400, data: { code: 'INVALID_REQUEST' } });
  });
});
