import { AlipaySdk } from 'alipay-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buyerId, openId } from '../numbers.ts';
import { type Merchant, openMerchant, openTestSandbox, type TestSandbox } from '../testing.ts';

/** Transfers to persons, asked for by the official Node SDK in certificate mode. */
let world: TestSandbox;
let merchant: Merchant;
let sdk: AlipaySdk;
let serial = 0;

const DAY_MS = 86_400_000;
const DOMAIN = '@sandbox.test';

function accountOf(role: string) {
  const found = world.sandbox.accounts().find((account) => account.role === role);
  if (!found) throw new Error(`no ${role}`);
  return found;
}

function sdkOf(role: string): AlipaySdk {
  const { settings, credentials } = accountOf(role);
  return new AlipaySdk({
    appId: String(settings['app_id']),
    gateway: String(settings['gateway']),
    privateKey: credentials['private_key'] ?? '',
    ...(role === 'key'
      ? { alipayPublicKey: credentials['alipay_public_key'] ?? '' }
      : {
          appCertContent: credentials['app_certificate'] ?? '',
          alipayPublicCertContent: credentials['alipay_certificate'] ?? '',
          alipayRootCertContent: credentials['alipay_root_certificate'] ?? '',
        }),
  });
}

function exec(method: string, bizContent: object, by = sdk) {
  return by.exec(method, { bizContent }, { validateSign: true });
}

function transfer(more: Record<string, unknown> = {}) {
  serial += 1;
  return {
    out_biz_no: `PAYOUT${serial}`,
    trans_amount: '8.80',
    product_code: 'TRANS_ACCOUNT_NO_PWD',
    biz_scene: 'DIRECT_TRANSFER',
    order_title: '退货补偿',
    payee_info: { identity: `lin${DOMAIN}`, identity_type: 'ALIPAY_LOGON_ID', name: '林小雨' },
    ...more,
  };
}

const pay = (body: object, by = sdk) => exec('alipay.fund.trans.uni.transfer', body, by);

function query(out_biz_no: string, more: object = {}) {
  const names = { product_code: 'TRANS_ACCOUNT_NO_PWD', biz_scene: 'DIRECT_TRANSFER' };
  return exec('alipay.fund.trans.common.query', { ...names, out_biz_no, ...more });
}

async function available(): Promise<string> {
  const alipay_user_id = accountOf('certificate').settings['seller_id'];
  const asked = { alipay_user_id, account_type: 'ACCTRANS_ACCOUNT' };
  return String((await exec('alipay.fund.account.query', asked))['availableAmount']);
}

async function act(name: string, input: object): Promise<void> {
  const action = world.sandbox.actions.find((known) => known.name === name);
  if (!action) throw new Error(`no action ${name}`);
  await action.run(input);
}

beforeAll(async () => {
  world = await openTestSandbox();
  merchant = await openMerchant();
  sdk = sdkOf('certificate');
});
afterAll(async () => {
  await merchant.stop();
  await world.stop();
});
beforeEach(() => {
  world.faults.set([]);
  world.clock.advance(DAY_MS);
});

describe('a transfer', () => {
  test('arrives at once, unasked, and is found by all its numbers', async () => {
    const [before, funds] = [world.sandbox.balance('lin'), await available()];
    const body = transfer();
    const answer = await pay(body);
    expect(answer).toMatchObject({ code: '10000', status: 'SUCCESS', outBizNo: body.out_biz_no });
    expect(world.sandbox.balance('lin')).toBe(before + 880n);
    expect(Number(funds) * 100 - Number(await available()) * 100).toBeCloseTo(880);
    for (const more of [
      {},
      { order_id: answer['orderId'] },
      { pay_fund_order_id: answer['payFundOrderId'] },
    ]) {
      expect(await query(body.out_biz_no, more)).toMatchObject({
        status: 'SUCCESS',
        transAmount: '8.80',
        orderId: answer['orderId'],
      });
    }
  });

  test('reaches a person by user id or open id, each only as what it is', async () => {
    const app_id = String(accountOf('certificate').settings['app_id']);
    const to = (identity: string, identity_type: string) =>
      pay(transfer({ payee_info: { identity, identity_type } }));
    const before = world.sandbox.balance('chen');
    expect(await to(buyerId('chen'), 'ALIPAY_USER_ID')).toMatchObject({ status: 'SUCCESS' });
    expect(await to(openId(app_id, 'chen'), 'ALIPAY_OPEN_ID')).toMatchObject({ status: 'SUCCESS' });
    expect(world.sandbox.balance('chen')).toBe(before + 1_760n);
    for (const [identity, type] of [
      [buyerId('chen'), 'ALIPAY_OPEN_ID'],
      [openId(app_id, 'chen'), 'ALIPAY_USER_ID'],
      [openId('9021000100000001', 'chen'), 'ALIPAY_OPEN_ID'],
    ] as const) {
      expect(await to(identity, type)).toMatchObject({ subCode: 'PAYEE_NOT_EXIST' });
    }
    expect(world.sandbox.balance('chen')).toBe(before + 1_760n);
  });

  test('sent again is paid once; with other data it is refused', async () => {
    const before = world.sandbox.balance('lin');
    const body = transfer();
    const first = await pay(body);
    const again = await pay(body);
    expect(again['orderId']).toBe(first['orderId']);
    expect(world.sandbox.balance('lin')).toBe(before + 880n);
    const other = await pay({ ...body, trans_amount: '8.81' });
    expect(other).toMatchObject({ code: '40004', subCode: 'PAYMENT_INFO_INCONSISTENCY' });
  });

  test('whose outcome is open becomes known by a query, and the money is back', async () => {
    world.faults.set([{ fault: 'payout_fails', probability: 1, remaining: 1 }]);
    const funds = await available();
    const body = transfer();
    expect(await pay(body)).toMatchObject({ code: '10000', status: 'DEALING' });
    world.clock.advance(2_000);
    expect(await query(body.out_biz_no)).toMatchObject({
      status: 'FAIL',
      errorCode: 'PAYEE_ACCOUNT_STATUS_ERROR',
    });
    expect(await available()).toBe(funds);
  });

  test('is told on the message channel of the application', async () => {
    const { settings } = accountOf('certificate');
    const channel = world.sandbox.actions.find(({ name }) => name === 'gateway/set');
    expect(channel, 'an action that sets the message address').toBeDefined();
    await channel?.run({ app_id: settings['app_id'], url: merchant.url });
    const body = transfer();
    await pay(body);
    const [heard] = await merchant.hears(1);
    const fields = Object.fromEntries(new URLSearchParams(heard?.body.toString('utf8') ?? ''));
    expect(fields['msg_method']).toBe('alipay.fund.trans.order.changed');
    expect(sdk.checkNotifySignV2(fields)).toBe(true);
    expect(JSON.parse(fields['biz_content'] ?? '')).toMatchObject({
      out_biz_no: body.out_biz_no,
      status: 'SUCCESS',
      trans_amount: '8.80',
    });
  });
});

describe('what is refused', () => {
  const payee = { identity: `lin${DOMAIN}`, identity_type: 'ALIPAY_LOGON_ID' };
  test.each([
    ['too little', { trans_amount: '0.09' }, 'EXCEED_LIMIT_SM_MIN_AMOUNT'],
    ['too much for a person', { trans_amount: '50000.01' }, 'EXCEED_LIMIT_PERSONAL_SM_AMOUNT'],
    ['50,000 yuan without a reason', { trans_amount: '50000' }, 'MEMO_REQUIRED_IN_TRANSFER_ERROR'],
    ['a login name without a real name', { payee_info: payee }, 'INVALID_PARAMETER'],
    ['another name', { payee_info: { ...payee, name: '陈大海' } }, 'PAYEE_USER_INFO_ERROR'],
    [
      'nobody',
      { payee_info: { ...payee, identity: `no${DOMAIN}`, name: '无' } },
      'PAYEE_NOT_EXIST',
    ],
    ['a bank card', { product_code: 'TRANS_BANKCARD_NO_PWD' }, 'INVALID_PARAMETER'],
    ['a red packet between persons', { biz_scene: 'PERSONAL_COLLECTION' }, 'INVALID_PARAMETER'],
    ['a number with a space', { out_biz_no: 'A B' }, 'INVALID_PARAMETER'],
  ])('%s', async (_, more, subCode) => {
    const before = await available();
    expect(await pay(transfer(more))).toMatchObject({ code: '40004', subCode });
    expect(await available()).toBe(before);
  });

  test('an application in key mode', async () => {
    const answer = await pay(transfer(), sdkOf('key'));
    expect(answer['code']).not.toBe('10000');
    expect(String(answer['subCode'])).toMatch(/^isv\./);
  });

  test('more than the account holds', async () => {
    const { settings } = accountOf('certificate');
    world.faults.set([{ fault: 'merchant_short', probability: 1, remaining: 1 }]);
    const body = transfer();
    expect(await pay(body)).toMatchObject({ subCode: 'PAYER_BALANCE_NOT_ENOUGH' });
    await act('transfers/top-up', { seller_id: settings['seller_id'], amount: 1 });
    expect(await pay(body)).toMatchObject({ code: '10000', status: 'SUCCESS' });
  });

  test('a number nobody has, another merchant’s, and another’s account', async () => {
    expect(await query('NONE')).toMatchObject({ subCode: 'ORDER_NOT_EXIST' });
    const body = transfer();
    const { orderId } = await pay(body);
    const stranger = sdkOf('platform');
    expect(
      await exec('alipay.fund.trans.common.query', { order_id: orderId }, stranger),
    ).toMatchObject({ subCode: 'ORDER_NOT_EXIST' });
    const { settings } = accountOf('certificate');
    const asked = { alipay_user_id: settings['seller_id'] };
    expect(await exec('alipay.fund.account.query', asked, stranger)).toMatchObject({
      subCode: 'INVALID_PARAMETER',
    });
  });
});
