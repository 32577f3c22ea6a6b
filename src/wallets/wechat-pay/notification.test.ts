import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sealNotification } from '../../protocols/wechat-pay/notification.ts';
import { answerMessage, rsaSign } from '../../protocols/wechat-pay/signature.ts';
import type { RawNotification } from '../notification.ts';
import type { WalletAccount } from '../wallet.ts';
import { wechatPayWallet } from './wallet.ts';

/** Genuine notifications are understood; forged, replayed and foreign ones change nothing. */
const wallet = wechatPayWallet({ real: () => new Date(), timeout_ms: 1000 });
const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const server = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: typeof server.privateKey, type: 'pkcs8' | 'spki') =>
  key.export({ type, format: 'pem' }).toString();

const KEY_ID = 'PUB_KEY_ID_0114232134912410000000000000';
const SECOND_ID = 'PUB_KEY_ID_0114232134912410000000000001';
const API_V3_KEY = 'k'.repeat(32);

const account: WalletAccount = {
  id: 'wac_test',
  wallet: 'wechat_pay',
  custody: 'merchant_own',
  ...wallet.parseAccount({
    settings: {
      mchid: '1900000001',
      appid: 'wx0123456789abcdef',
      serial_no: 'A'.repeat(40),
      public_key_id: KEY_ID,
    },
    credentials: {
      private_key: pem(merchant.privateKey, 'pkcs8'),
      public_key: pem(server.publicKey, 'spki'),
      api_v3_key: API_V3_KEY,
      [SECOND_ID]: pem(merchant.publicKey, 'spki'),
    },
  }),
};

const transaction = {
  appid: 'wx0123456789abcdef',
  mchid: '1900000001',
  out_trade_no: '00' + '0'.repeat(26),
  transaction_id: '4200001234202611211234567890',
  trade_state: 'SUCCESS',
  success_time: '2026-11-21T12:00:00+08:00',
  payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
  amount: { total: 1000, payer_total: 900, currency: 'CNY', payer_currency: 'CNY' },
  promotion_detail: [
    { coupon_id: '1', amount: 70, wechatpay_contribute: 60, merchant_contribute: 10 },
    { coupon_id: '2', amount: 30, type: 'NOCASH' },
  ],
};

interface Forgery {
  content?: object;
  event_type?: string;
  serial?: string;
  key?: typeof server.privateKey;
  api_v3_key?: string;
  age_s?: number;
}

async function notification(forged: Forgery = {}): Promise<RawNotification> {
  const sealed = sealNotification({
    id: 'EV-2018022511223320873',
    create_time: '2026-11-21T12:00:00+08:00',
    event_type: 'TRANSACTION.SUCCESS',
    content: forged.content ?? transaction,
    api_v3_key: forged.api_v3_key ?? API_V3_KEY,
  });
  const body = JSON.stringify({ ...sealed, event_type: forged.event_type ?? sealed.event_type });
  return sign(body, forged);
}

async function sign(body: string, forged: Forgery = {}): Promise<RawNotification> {
  const received_at = new Date();
  const seconds = Math.floor(received_at.getTime() / 1000) - (forged.age_s ?? 0);
  const timestamp = seconds.toString();
  const message = answerMessage({ timestamp, nonce: 'nonce', body });
  const signature = await rsaSign(forged.key ?? server.privateKey, message);
  return {
    received_at,
    body: Buffer.from(body),
    headers: {
      'Wechatpay-Timestamp': timestamp,
      'wechatpay-nonce': 'nonce',
      'wechatpay-serial': forged.serial ?? KEY_ID,
      'wechatpay-signature': signature,
    },
  };
}

const verify = (raw: RawNotification) => wallet.verifyNotification(account, raw);
const refusedFor = (reason: string) => expect.objectContaining({ kind: 'refused', reason });

describe('a genuine notification', () => {
  test('becomes a fact with coupons by funder, and its trace hides the payer', async () => {
    const verified = await verify(await notification());
    expect(verified).toMatchObject({
      kind: 'verified',
      fact_id: transaction.transaction_id,
      fact_state: 'SUCCESS',
      content: {
        about: 'payment',
        fact: {
          state: 'paid',
          amount: 1000n,
          payer_paid: 900n,
          coupons: { wallet_funded: 60n, merchant_funded: 40n, other_funded: 0n },
          payer: transaction.payer.openid,
          paid_at: new Date('2026-11-21T04:00:00Z'),
        },
      },
    });
    expect(verified.kind === 'verified' && JSON.stringify(verified.masked)).not.toContain(
      transaction.payer.openid,
    );
  });

  test('of a refund becomes a refund fact', async () => {
    const content = {
      mchid: '1900000001',
      out_trade_no: transaction.out_trade_no,
      transaction_id: transaction.transaction_id,
      out_refund_no: '11' + '0'.repeat(26),
      refund_id: '50300000000000000000000000001',
      refund_status: 'ABNORMAL',
      user_received_account: '招商银行信用卡0403',
      amount: { total: 1000, refund: 300, payer_total: 900, payer_refund: 270 },
    };
    const raw = await notification({ content, event_type: 'REFUND.ABNORMAL' });
    expect(await verify(raw)).toMatchObject({
      kind: 'verified',
      fact_id: content.refund_id,
      fact_state: 'ABNORMAL',
      content: { about: 'refund', fact: { state: 'needs_action', amount: 300n } },
    });
  });

  test('of a withdrawal is the platform’s own, or a seller’s under its name', async () => {
    const own = {
      status: 'CLOSE',
      withdraw_id: '50104000000000000000000000001',
      out_request_no: 'W1',
      amount: 100,
      update_time: '2026-11-21T12:00:00+08:00',
      reason: '银行处理失败',
      account_number: '1234',
    };
    const event_type = 'MCHWITHDRAW.CHANGE';
    const told = async (content: object) => verify(await notification({ content, event_type }));
    expect(await told(own)).toMatchObject({
      fact_id: own.withdraw_id,
      fact_state: 'CLOSE',
      content: { about: 'withdrawal', fact: { state: 'refused', reason: own.reason } },
      masked: { account_number: '1…' },
    });
    const seller = { ...own, sp_mchid: '1900000001', sub_mchid: '1700000001' };
    expect(await told(seller)).toMatchObject({
      content: { fact: { sub_merchant: '1700000001', wallet_merchant: '1900000001' } },
    });
    expect(await told({ ...seller, sp_mchid: '1900000002' })).toEqual(refusedFor('wrong_account'));
    expect(await told({ ...own, status: 'NEWS' })).toEqual(refusedFor('malformed'));
    expect(await told({ ...own, amount: 1.5 })).toEqual(refusedFor('malformed'));
  });

  test('of another kind is kept apart', async () => {
    const raw = await notification({ event_type: 'COMPLAINT.CREATE', content: { a: 1 } });
    expect(await verify(raw)).toMatchObject({
      fact_id: 'EV-2018022511223320873',
      content: { about: 'other', type: 'COMPLAINT.CREATE' },
    });
  });

  test('is checked with the key that its serial names', async () => {
    const second = { serial: SECOND_ID, key: merchant.privateKey };
    expect((await verify(await notification(second))).kind).toBe('verified');
    expect(await verify(await notification({ serial: SECOND_ID }))).toEqual(
      refusedFor('signature'),
    );
  });
});

describe('refused is a notification', () => {
  test('whose body changed by one byte, or was cut', async () => {
    const raw = await notification();
    const body = Buffer.from(raw.body);
    body[20] = (body[20] ?? 0) ^ 1;
    expect(await verify({ ...raw, body })).toEqual(refusedFor('signature'));
    expect(await verify({ ...raw, body: raw.body.subarray(0, -1) })).toEqual(
      refusedFor('signature'),
    );
    expect(await verify({ ...raw, body: Buffer.alloc(0) })).toEqual(refusedFor('signature'));
  });

  test('signed by a stranger, or by nobody', async () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect(await verify(await notification({ key: stranger }))).toEqual(refusedFor('signature'));
    const raw = await notification();
    for (const name of Object.keys(raw.headers)) {
      const { [name]: _gone, ...headers } = raw.headers;
      expect(await verify({ ...raw, headers })).toEqual(refusedFor('signature'));
    }
  });

  test.each(['WECHATPAY/SIGNTEST/Zm9v', 'WECHATPAY/SIGNTEST/x', '****', 'a'])(
    'with the probe signature %s',
    async (signature) => {
      const raw = await notification();
      const headers = { ...raw.headers, 'wechatpay-signature': signature };
      expect(await verify({ ...raw, headers })).toEqual(refusedFor('signature'));
    },
  );

  test('under a key nobody gave us', async () => {
    const raw = await notification({ serial: 'PUB_KEY_ID_9' });
    expect(await verify(raw)).toEqual(refusedFor('unknown_key'));
  });

  test('older or newer than five minutes', async () => {
    expect(await verify(await notification({ age_s: 301 }))).toEqual(refusedFor('stale'));
    expect(await verify(await notification({ age_s: -302 }))).toEqual(refusedFor('stale'));
    const raw = await notification();
    const later = new Date(raw.received_at.getTime() + 301_000);
    expect(await verify({ ...raw, received_at: later })).toEqual(refusedFor('stale'));
  });

  test('encrypted under another APIv3 key', async () => {
    const raw = await notification({ api_v3_key: 'x'.repeat(32) });
    expect(await verify(raw)).toEqual(refusedFor('decrypt'));
  });

  test('about another merchant or app id', async () => {
    const mchid = { ...transaction, mchid: '1900000002' };
    expect(await verify(await notification({ content: mchid }))).toEqual(
      refusedFor('wrong_account'),
    );
    const appid = { ...transaction, appid: 'wx0000000000000000' };
    expect(await verify(await notification({ content: appid }))).toEqual(
      refusedFor('wrong_account'),
    );
    const raw = await notification({ content: mchid, event_type: 'REFUND.SUCCESS' });
    expect(await verify(raw)).toEqual(refusedFor('wrong_account'));
  });

  test.each([
    { ...transaction, trade_state: 'BOUGHT' },
    { ...transaction, transaction_id: undefined },
    { ...transaction, amount: { total: '1000' } },
    { ...transaction, amount: { total: 10.5 } },
    { ...transaction, out_trade_no: 5 },
  ])('%# that lacks what a payment has', async (content) => {
    expect(await verify(await notification({ content }))).toEqual(refusedFor('malformed'));
  });

  test.each(['', '[]', '{}', 'null', '{"id":"1","event_type":"A","resource":null}'])(
    'rightly signed but none: %s',
    async (body) => {
      expect(await verify(await sign(body))).toEqual(refusedFor('malformed'));
    },
  );
});

test('the answer tells the wallet to stop or to come again', () => {
  expect(wallet.answerNotification(true)).toMatchObject({ status: 200 });
  const no = wallet.answerNotification(false, 'later "please"');
  expect(no.status).toBe(400);
  expect(JSON.parse(no.body)).toEqual({ code: 'FAIL', message: 'later "please"' });
});
