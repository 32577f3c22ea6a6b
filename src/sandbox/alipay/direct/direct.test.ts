import { AlipayFormData } from 'alipay-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Desk, openDesk } from '../trade/testing.ts';

/** Direct payment: a platform brings sellers in, collects for them, and lets their money go. */
let desk: Desk;
let platform_app = '';

beforeAll(async () => {
  desk = await openDesk();
  const account = desk.world.sandbox.accounts().find(({ role }) => role === 'platform');
  platform_app = String(account?.settings['app_id']);
  await desk.act('gateway/set', { app_id: platform_app, url: desk.merchant.url });
});

afterAll(() => desk.stop());

beforeEach(() => {
  desk.merchant.heard.length = 0;
});

const call = (method: string, biz: Answer) => desk.call(method, biz, 'platform');

function application(changes: Answer = {}): Answer {
  return {
    external_id: desk.number(),
    name: '青瓦茶馆',
    alias_name: '茶馆',
    merchant_type: '06',
    mcc: '5812',
    cert_type: '100',
    cert_no: '110101199001011234',
    contact_infos: [{ name: '王五', mobile: '13800000000' }],
    service: ['wap支付'],
    biz_cards: [{ account_no: '6222000000000000', account_holder_name: '王五' }],
    ...changes,
  };
}

const apply = (biz: Answer) => call('ant.merchant.expand.indirect.zft.create', biz);

async function orderOf(order_id: unknown): Promise<Answer> {
  const { orders } = await call('ant.merchant.expand.indirect.zftorder.query', { order_id });
  return Array.isArray(orders) ? orders[0] : {};
}

describe('an application', () => {
  test('is reviewed, passes by itself and makes a seller; the platform is told', async () => {
    const biz = application();
    const { order_id } = await apply(biz);
    expect(order_id).toMatch(/^\d{28}$/);
    expect(await orderOf(order_id)).toMatchObject({ status: '031', fk_audit: 'CREATE' });
    expect((await apply(biz))['order_id']).toBe(order_id);
    const early = await apply({ ...biz, name: '别名' });
    expect(early['sub_code']).toBe('INVALID_PARAMETER');
    desk.world.clock.advance(60_000);
    const passed = await orderOf(order_id);
    expect(passed).toMatchObject({
      status: '99',
      fk_audit: 'PASS',
      external_id: biz['external_id'],
    });
    expect(passed['smid']).toMatch(/^2088\d{12}$/);
    expect(desk.sellers()).toContain(passed['smid']);
    const msg_method = 'ant.merchant.expand.indirect.zft.passed';
    const told = await desk.hears({ msg_method, app_id: platform_app }, 'platform');
    expect(JSON.parse(told.get('biz_content') ?? '')).toMatchObject({
      order_id,
      smid: passed['smid'],
      external_id: biz['external_id'],
      card_alias_no: passed['card_alias_no'],
    });
    const one = await call('ant.merchant.expand.order.query', { order_id });
    expect(one).toMatchObject({ status: '99', ip_role_id: passed['smid'] });
  });

  test('is rejected with a reason, and may then be made anew', async () => {
    const biz = application();
    const { order_id } = await apply(biz);
    const outcome = { order_id, outcome: 'rejected', memo: '证件照片不清晰' };
    await desk.act('applications/decide', outcome);
    await expect(desk.act('applications/decide', outcome)).rejects.toThrow('decided');
    expect(await orderOf(order_id)).toMatchObject({ status: '-1', reason: '证件照片不清晰' });
    const told = await desk.hears(
      { msg_method: 'ant.merchant.expand.indirect.zft.rejected' },
      'platform',
    );
    expect(JSON.parse(told.get('biz_content') ?? '')).toMatchObject({ reason: '证件照片不清晰' });
    desk.world.clock.advance(60_000);
    expect((await orderOf(order_id))['status']).toBe('-1');
    const second = await apply(biz);
    expect(second['order_id']).not.toBe(order_id);
    const { external_id } = biz;
    const both = await call('ant.merchant.expand.indirect.zftorder.query', { external_id });
    expect(both['orders']).toHaveLength(2);
  });

  test('a seller called 拒… is rejected by the wallet itself', async () => {
    const { order_id } = await apply(application({ name: '拒绝茶馆' }));
    desk.world.clock.advance(60_000);
    expect((await orderOf(order_id))['status']).toBe('-1');
  });

  test.each([
    ['merchant_type', { merchant_type: '09' }],
    ['contacts', { contact_infos: [] }],
    ['a mobile', { contact_infos: [{ name: 'x', mobile: '12' }] }],
    ['somewhere to settle', { biz_cards: [] }],
    ['a service', { service: [] }],
    ['a licence', { merchant_type: '01' }],
    ['pictures that were uploaded', { cert_image: 'made-up.jpg' }],
  ])('needs %s', async (_what, changes) => {
    expect((await apply(application(changes)))['sub_code']).toBe('INVALID_PARAMETER');
  });

  test('pictures are uploaded first; a change is an application too', async () => {
    const form = new AlipayFormData();
    form.addField('image_type', 'png');
    form.addFile('image_content', 'licence.png', Buffer.from('89504e470d0a1a0a', 'hex'));
    const { image_id } = await desk
      .sdk('platform')
      .exec(
        'ant.merchant.expand.indirect.image.upload',
        {},
        { formData: form, validateSign: true },
      );
    expect(image_id).toMatch(/^[0-9a-f]{32}\.png$/);
    const licence = {
      merchant_type: '01',
      legal_name: '王五',
      legal_cert_no: '110101199001011234',
      cert_image: image_id,
    };
    const { order_id } = await apply(application(licence));
    desk.world.clock.advance(60_000);
    const { smid } = await orderOf(order_id);
    const change = { external_id: desk.number(), smid, name: '新茶馆', alias_name: '新茶馆' };
    const changed = await call('ant.merchant.expand.indirect.zft.modify', change);
    desk.world.clock.advance(60_000);
    const done = await orderOf(changed['order_id']);
    expect(done).toMatchObject({ apply_type: 'ZHIFUTONG_MODIFY', status: '99', smid });
  });

  test('is for platforms only', async () => {
    const answer = await desk.call('ant.merchant.expand.indirect.zft.create', application());
    expect(answer).toMatchObject({ code: '40006', sub_code: 'isv.insufficient-isv-permissions' });
  });
});

describe('money for a seller', () => {
  const settle_info = (amount: string, period: string | null = null) => ({
    settle_detail_infos: [{ trans_in_type: 'defaultSettle', amount }],
    ...(period && { settle_period_time: period }),
  });

  function paid(amount: string, period: string | null = '7d', more: Answer = {}) {
    const [merchant_id] = desk.sellers();
    const sub_merchant = { merchant_id };
    const order = { sub_merchant, settle_info: settle_info(amount, period), ...more };
    return desk.paid({ amount, role: 'platform', product: 'page', more: order });
  }

  const confirm = (trade_no: string, amount: string, changes: Answer = {}) =>
    call('alipay.trade.settle.confirm', {
      out_request_no: desk.number(),
      trade_no,
      settle_info: settle_info(amount),
      ...changes,
    });

  async function free(): Promise<number> {
    const [seller_id] = desk.sellers();
    return Number((await desk.act('withdraw', { seller_id }))['amount']);
  }

  async function unsettled(trade_no: string): Promise<unknown> {
    return (await call('alipay.trade.order.onsettle.query', { trade_no }))['unsettled_amount'];
  }

  const split = (trade_no: string, amount: string) =>
    call('alipay.trade.order.settle', {
      trade_no,
      out_request_no: desk.number(),
      royalty_parameters: [{ trans_in: desk.sellerId('platform'), amount }],
    });

  test('is held until the platform confirms, over all that is left, once', async () => {
    await free();
    const { trade_no, out_trade_no } = await paid('100.00');
    expect(await free()).toBe(0);
    await call('alipay.trade.refund', {
      out_trade_no,
      refund_amount: '20.00',
      out_request_no: 'R1',
    });
    expect((await split(trade_no, '1.00'))['sub_code']).toBe('ACQ.ILLEGAL_SETTLE_STATE');
    expect((await confirm(trade_no, '100.00'))['sub_code']).toBe('ACQ.INVALID_PARAMETER');
    const done = await confirm(trade_no, '80.00', { out_request_no: 'C1' });
    expect(done).toMatchObject({ code: '10000', trade_no, settle_amount: '80.00' });
    const again = await confirm(trade_no, '80.00', { out_request_no: 'C1' });
    expect(again['settle_amount']).toBe('80.00');
    expect((await confirm(trade_no, '80.00'))['sub_code']).toBe('ACQ.ILLEGAL_SETTLE_STATE');
    expect(await free()).toBe(8000 - 60 + 12);
  });

  test('a confirmation may freeze it for the platform’s share, then the rest goes', async () => {
    await free();
    const { trade_no } = await paid('100.00');
    await confirm(trade_no, '100.00', { extend_params: { royalty_freeze: 'true' } });
    expect(await free()).toBe(0);
    expect((await split(trade_no, '5.00'))['code']).toBe('10000');
    expect(await unsettled(trade_no)).toBe('94.40');
    await call('alipay.trade.order.settle', {
      trade_no,
      out_request_no: desk.number(),
      extend_params: { royalty_finish: true },
    });
    expect(await free()).toBe(9440);
  });

  test('goes by itself when its period is over', async () => {
    await free();
    const { trade_no, out_trade_no } = await paid('100.00', '3d');
    desk.world.clock.advance(3 * 86_400_000 - 60_000);
    expect(await unsettled(trade_no)).toBe('100.00');
    desk.world.clock.advance(60_000);
    expect(await unsettled(trade_no)).toBe('0.00');
    expect(await free()).toBe(9940);
    expect((await confirm(trade_no, '100.00'))['sub_code']).toBe('ACQ.ILLEGAL_SETTLE_STATE');
    const query_options = ['trade_settle_info'];
    const trade = await call('alipay.trade.query', { out_trade_no, query_options });
    expect(trade['trade_settle_info']).toMatchObject({
      trade_settle_detail_list: [{ operation_type: 'settle', amount: '100.00' }],
    });
  });

  test('a platform may give to its seller, too', async () => {
    const { trade_no } = await paid('100.00', null);
    await desk.paid({ amount: '50.00', role: 'platform' });
    await free();
    const gift = await call('alipay.trade.order.settle', {
      trade_no,
      out_request_no: desk.number(),
      royalty_parameters: [
        { royalty_type: 'replenish', trans_out: desk.sellerId('platform'), amount: '3.00' },
      ],
    });
    expect(gift['code']).toBe('10000');
    expect(await free()).toBe(300);
  });

  test.each([
    ['ACQ.SECONDARY_MERCHANT_ID_INVALID', { sub_merchant: { merchant_id: '2088000000000000' } }],
    ['ACQ.PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID', { sub_merchant: {} }],
    ['ACQ.INVALID_PARAMETER', { settle_info: undefined }],
    ['ACQ.INVALID_PARAMETER', { settle_info: { settle_detail_infos: [] } }],
    ['ACQ.INVALID_PARAMETER', { settle_info: settle_info('9.99', '7d') }],
    ['ACQ.INVALID_PARAMETER', { settle_info: settle_info('10.00', '366d') }],
    ['ACQ.INVALID_PARAMETER', { settle_info: settle_info('10.00', '0d') }],
  ])('an order that is wrong is refused: %s', async (sub_code, changes) => {
    const [merchant_id] = desk.sellers();
    const answer = await call('alipay.trade.precreate', {
      out_trade_no: desk.number(),
      total_amount: '10.00',
      subject: 'tea',
      sub_merchant: { merchant_id },
      settle_info: settle_info('10.00', '7d'),
      ...changes,
    });
    expect(answer['sub_code']).toBe(sub_code);
  });

  test('is for the sellers of one’s own platform', async () => {
    const [merchant_id] = desk.sellers();
    const answer = await desk.call('alipay.trade.precreate', {
      out_trade_no: desk.number(),
      total_amount: '10.00',
      subject: 'tea',
      sub_merchant: { merchant_id },
      settle_info: settle_info('10.00', '7d'),
    });
    expect(answer['sub_code']).toBe('ACQ.SECONDARY_MERCHANT_NOT_MATCH');
  });
});
