import { createHash, sign } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readPrivateKey } from '../../protocols/union-pay/certificates.ts';
import { encodeForm, type Message, messageOf } from '../../protocols/union-pay/message.ts';
import { digestOf, textToSign } from '../../protocols/union-pay/signature.ts';
import { stamp } from '../../protocols/union-pay/transactions.ts';
import { type Ear, openEar, openTestSandbox, Pen, type TestSandbox } from './testing.ts';

let world: TestSandbox;
let ear: Ear;
let pen: Pen;

beforeAll(async () => {
  [world, ear] = await Promise.all([openTestSandbox(), openEar()]);
  pen = new Pen(world, ear.url);
});

beforeEach(() => {
  ear.heard.length = 0;
  ear.answer(200);
  world.faults.set([]);
});

afterAll(async () => {
  await ear.stop();
  await world.stop();
});

const BACK = 'backTransReq.do';

function order(more: Record<string, string> = {}) {
  return { orderId: pen.orderId(), txnAmt: '1234', ...more };
}

describe('a signature', () => {
  async function sent(change: (fields: Message) => Message | Promise<Message>) {
    const fields = pen.fields('01/07', order());
    const message = await change(await pen.sign(fields));
    const text = await (await pen.post(`/gateway/api/${BACK}`, encodeForm(message))).text();
    return pen.believe(text);
  }

  const key = () =>
    readPrivateKey(world.sandbox.merchantAccount().credentials['private_key'] ?? '');

  function signedOver(text: string, hash = 'sha256') {
    return sign(hash, Buffer.from(text), key()).toString('base64');
  }

  test('that is right is answered under UnionPay’s own', async () => {
    expect(await sent((message) => message)).toMatchObject({
      respCode: '00',
      qrCode: expect.stringMatching(/^https:\/\/qr\.95516\.com\/\d{8}\/62\d{30}$/),
    });
  });

  test.each<[string, string, (message: Message) => string]>([
    ['of the text itself', 'not the text itself', (m) => signedOver(textToSign(m))],
    ['in upper case', 'lower case', (m) => signedOver(digestOf(textToSign(m)).toUpperCase())],
    [
      'of version 5.0.0',
      'SHA-1',
      (m) => signedOver(createHash('sha1').update(textToSign(m)).digest('hex'), 'sha1'),
    ],
    ['of something else', 'another', () => signedOver('x')],
  ])('%s is refused with a hint', async (_what, hint, make) => {
    const answer = await sent((message) => new Map([...message, ['signature', make(message)]]));
    expect(answer['respCode']).toBe('11');
    expect(answer['respMsg']).toContain(hint);
    const [logged] = world.requests.list({ limit: 1 });
    expect(logged?.signature.state).toBe('wrong');
    expect(logged?.signature.expected_text).toContain('txnAmt=1234');
  });

  test('with a field changed, added or dropped is refused', async () => {
    for (const change of [
      (m: Message) => new Map([...m, ['txnAmt', '1']]),
      (m: Message) => new Map([...m, ['reserved', '{a=1}']]),
      (m: Message) => new Map([...m].filter(([name]) => name !== 'channelType')),
    ]) {
      expect((await sent(change))['respCode']).toBe('11');
    }
  });

  test('of another certificate, of no merchant, or missing is refused in that order', async () => {
    const swap = (name: string, value: string) => (m: Message) => new Map([...m, [name, value]]);
    expect(await sent(swap('certId', '1'))).toMatchObject({ respCode: '11' });
    expect(await sent(swap('merId', '777290058110099'))).toMatchObject({ respCode: '31' });
    expect(await sent(swap('signature', ''))).toMatchObject({ respCode: '11' });
    expect(await sent(swap('version', '5.0.0'))).toMatchObject({ respCode: '10' });
    expect(await sent(swap('encoding', 'GBK'))).toMatchObject({ respCode: '10' });
  });
});

describe('an order', () => {
  test.each<[string, Record<string, string>, string]>([
    ['without a number', { orderId: '' }, '13'],
    ['with a short number', { orderId: 'A1' }, '10'],
    ['with a number of other signs', { orderId: 'ORDER-00001' }, '10'],
    ['without an amount', { txnAmt: '' }, '13'],
    ['of nothing', { txnAmt: '0' }, '10'],
    ['in yuan', { txnAmt: '12.34' }, '10'],
    ['in another currency', { currencyCode: '840' }, '10'],
    ['of yesterday', { txnTime: '20200101000000' }, '10'],
    ['of no time', { txnTime: '20261301000000' }, '10'],
    ['that has ended already', { payTimeout: '20200101000000' }, '10'],
    ['without an address for notices', { backUrl: '' }, '13'],
    ['with an address that is none', { backUrl: 'javascript:alert(1)' }, '10'],
    ['of another product', { bizType: '000201' }, '10'],
  ])('%s is refused', async (_what, wrong, code) => {
    expect(await pen.call(BACK, '01/07', order(wrong))).toMatchObject({ respCode: code });
  });

  test('is known by number and time together', async () => {
    const txnTime = stamp(new Date());
    const first = order({ txnTime });
    const { qrCode } = await pen.call(BACK, '01/07', first);
    expect(await pen.call(BACK, '01/07', first)).toMatchObject({ respCode: '00', qrCode });
    const other = { ...first, txnAmt: '1' };
    expect(await pen.call(BACK, '01/07', other)).toMatchObject({ respCode: '12' });
    const later = stamp(new Date(Date.now() - 60_000));
    const second = await pen.call(BACK, '01/07', { ...other, txnTime: later });
    expect(second['respCode']).toBe('00');
    expect(second['qrCode']).not.toBe(qrCode);
  });

  test('that nobody has paid is no transaction, in time and after it', async () => {
    const wanted = order({ txnTime: stamp(new Date()) });
    const { qrCode = '' } = await pen.call(BACK, '01/07', {
      ...wanted,
      payTimeout: stamp(new Date(Date.now() + 600_000)),
    });
    expect(await pen.call('queryTrans.do', '00/00', wanted)).toMatchObject({ respCode: '34' });
    world.clock.advance(600_000);
    await expect(world.sandbox.scan('lin', qrCode)).rejects.toThrow('code_expired');
    expect(await pen.call('queryTrans.do', '00/00', wanted)).toMatchObject({ respCode: '34' });
  });

  test('by app gives a number that the phone pays', async () => {
    const wanted = order({ txnTime: stamp(new Date()), bizType: '000201' });
    const { tn = '' } = await pen.call('appTransReq.do', '01/01', wanted);
    expect(tn).toMatch(/^\d{21}$/);
    const scan = await world.sandbox.scan('chen', tn);
    await world.sandbox.confirm(scan.id, 'pay');
    expect(await pen.call('queryTrans.do', '00/00', wanted)).toMatchObject({
      respCode: '00',
      origRespCode: '00',
      txnAmt: '1234',
      queryId: expect.stringMatching(/^95\d{19}$/),
    });
  });
});

describe('a notice', () => {
  test('is signed, says what was paid, and comes five times at most', async () => {
    ear.answer(500);
    const paid = await pen.paid('500', 'lin', { reqReserved: 'R1' });
    const own = () => ear.heard.filter(({ message }) => message.get('orderId') === paid.orderId);
    await expect.poll(() => own().length, { timeout: 10_000 }).toBe(5);
    await expect.poll(() => world.sandbox.pendingNotifications(), { timeout: 10_000 }).toBe(0);
    expect(own()).toHaveLength(5);
    for (const { message } of own()) {
      pen.check(message);
      expect(Object.fromEntries(message)).toMatchObject({
        orderId: paid.orderId,
        queryId: paid.queryId,
        txnType: '01',
        txnAmt: '500',
        respCode: '00',
        reqReserved: 'R1',
      });
    }
  });

  test.each([200, 302])('is not sent again after %i', async (status) => {
    ear.answer(status);
    await pen.paid('501');
    await ear.hears(1);
    await expect.poll(() => world.sandbox.pendingNotifications()).toBe(0);
    expect(ear.heard).toHaveLength(1);
  });
});

describe('the ports', () => {
  test('take at most 64 KiB, and no other method', async () => {
    const large = await pen.post(`/gateway/api/${BACK}`, `a=${'x'.repeat(70_000)}`);
    expect(large.status).toBe(413);
    const put = await fetch(`${world.sandbox.url}/gateway/api/${BACK}`, { method: 'PUT' });
    expect(put.status).toBe(405);
    expect((await fetch(`${world.sandbox.url}/gateway/api/${BACK}`)).status).toBe(404);
    expect((await pen.post('/gateway/api/other.do', 'a=1')).status).toBe(404);
  });

  test('take no headers without end', async () => {
    const status = await new Promise<number | string>((resolve) => {
      const target = new URL(`/gateway/api/${BACK}`, world.sandbox.url);
      const call = httpRequest(target, {
        method: 'POST',
        headers: { 'x-big': 'x'.repeat(40_000) },
      });
      call.on('response', (answer) => resolve(answer.statusCode ?? 0));
      call.on('error', (error) => resolve(error.message));
      call.end();
    });
    expect(status).toBe(431);
  });

  test('answer noise with a signed refusal', async () => {
    for (const body of ['', '%%%', 'a=1&a=2', '<xml/>', messageOf({}).size.toString()]) {
      const text = await (await pen.post(`/gateway/api/${BACK}`, body)).text();
      expect(pen.believe(text)['respCode']).toMatch(/^1[03]$/);
    }
  });
});
