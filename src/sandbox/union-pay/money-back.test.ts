import { inflateSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keysFolder } from '../../../test/support/sandbox-keys.ts';
import { decodeSigned, decodeZmLine } from '../../protocols/union-pay/daily-file.ts';
import { settleDateOf, stamp } from '../../protocols/union-pay/transactions.ts';
import { SandboxStore } from '../store.ts';
import { type Ear, openEar, openTestSandbox, Pen, type TestSandbox } from './testing.ts';

/** Noon in Beijing, so that no clearing day ends by accident. */
const NOON = '2026-11-20T04:00:00Z';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BACK = 'backTransReq.do';

let world: TestSandbox;
let ear: Ear;
let pen: Pen;
let keys_dir: string;

beforeAll(async () => {
  keys_dir = await keysFolder('union_pay');
});

beforeEach(async () => {
  [world, ear] = await Promise.all([openTestSandbox({ at: NOON, keys_dir }), openEar()]);
  pen = new Pen(world, ear.url);
});

afterEach(async () => {
  await ear.stop();
  await world.stop();
});

function refund(queryId: string, amount: string, more: Record<string, string> = {}) {
  const orderId = pen.orderId();
  return pen.call(BACK, '04/00', { orderId, origQryId: queryId, txnAmt: amount, ...more });
}

function undo(queryId: string, amount: string) {
  const orderId = pen.orderId();
  return pen.call(BACK, '31/00', { orderId, origQryId: queryId, txnAmt: amount });
}

describe('a refund', () => {
  test('is a trade of its own, told by notice, up to what was paid', async () => {
    const before = world.sandbox.balance('lin');
    const { queryId } = await pen.paid('1000');
    const named = { orderId: pen.orderId(), txnTime: stamp(new Date()) };
    const made = await refund(queryId, '400', { ...named, reqReserved: 'carried' });
    expect(made).toMatchObject({ respCode: '00', origQryId: queryId });
    expect(await pen.call('queryTrans.do', '00/00', named)).toMatchObject({
      txnType: '04',
      txnAmt: '400',
      origRespCode: '00',
      origQryId: queryId,
      reqReserved: 'carried',
    });
    const heard = await ear.hears(2);
    expect(heard[1]?.message.get('txnType')).toBe('04');
    expect(await refund(queryId, '601')).toMatchObject({ respCode: '36' });
    expect(await refund(queryId, '600')).toMatchObject({ respCode: '00' });
    expect(await refund(queryId, '1')).toMatchObject({ respCode: '45' });
    expect(world.sandbox.balance('lin')).toBe(before);
    expect([...world.sandbox.merchantBalances().values()]).toEqual([0n]);
  });

  test('under a number that was used is a duplicate, also with another amount', async () => {
    const { queryId, orderId, txnTime } = await pen.paid('1000');
    const named = { orderId: pen.orderId(), txnTime };
    expect(await refund(queryId, '1', named)).toMatchObject({ respCode: '00' });
    expect(await refund(queryId, '1', named)).toMatchObject({ respCode: '12' });
    expect(await refund(queryId, '2', named)).toMatchObject({ respCode: '12' });
    expect(await refund(queryId, '1', { orderId, txnTime })).toMatchObject({ respCode: '12' });
    expect(world.sandbox.transactions({ limit: 5 })[0]?.refunded).toBe(1n);
  });

  test('of a trade that is none, or after eleven months, is refused', async () => {
    expect(await refund('951807261002324791038', '1')).toMatchObject({ respCode: '35' });
    const { queryId } = await pen.paid('1000');
    world.clock.advance(329 * DAY);
    expect(await refund(queryId, '1')).toMatchObject({ respCode: '00' });
    world.clock.advance(2 * DAY);
    expect(await refund(queryId, '1')).toMatchObject({ respCode: '39' });
  });

  test('that is held back is undecided until its time', async () => {
    const { queryId } = await pen.paid('1000');
    const named = { orderId: pen.orderId(), txnTime: stamp(new Date()) };
    world.faults.set([{ fault: 'refund_delayed', probability: 1, delay_ms: HOUR }]);
    expect(await refund(queryId, '300', named)).toMatchObject({ respCode: '00' });
    world.faults.set([]);
    expect(await pen.call('queryTrans.do', '00/00', named)).toMatchObject({ origRespCode: '05' });
    world.clock.advance(HOUR);
    expect(await pen.call('queryTrans.do', '00/00', named)).toMatchObject({ origRespCode: '00' });
    await ear.hears(2);
  });

  test('falls short when the merchant has taken the money away', async () => {
    const { queryId } = await pen.paid('1000');
    const withdraw = world.sandbox.actions.find(({ name }) => name === 'withdraw');
    await withdraw?.run({ mer_id: '777290058110048' });
    expect(await refund(queryId, '500')).toMatchObject({ respCode: '90' });
  });
});

describe('an undo', () => {
  test('is of the whole payment, within the clearing day', async () => {
    const { queryId } = await pen.paid('1000');
    expect(await undo(queryId, '999')).toMatchObject({ respCode: '36' });
    world.clock.advance(10 * HOUR);
    expect(await undo(queryId, '1000')).toMatchObject({ respCode: '00' });
    expect(await undo(queryId, '1000')).toMatchObject({ respCode: '45' });
    expect(await refund(queryId, '1')).toMatchObject({ respCode: '45' });
    const heard = await ear.hears(2);
    expect(heard[1]?.message.get('txnType')).toBe('31');
  });

  test('comes too late at 23:00', async () => {
    const { queryId } = await pen.paid('1000');
    world.clock.advance(11 * HOUR);
    expect(await undo(queryId, '1000')).toMatchObject({ respCode: '39' });
    expect(await refund(queryId, '1000')).toMatchObject({ respCode: '00' });
  });

  test('of a payment that was refunded in part is refused', async () => {
    const { queryId } = await pen.paid('1000');
    await refund(queryId, '1');
    expect(await undo(queryId, '1000')).toMatchObject({ respCode: '45' });
  });
});

describe('a payer’s code', () => {
  async function charge(amount: string, more: Record<string, string> = {}, person = 'lin') {
    const named = { orderId: pen.orderId(), txnTime: stamp(new Date()) };
    const { code } = world.sandbox.payerCode(person);
    const wanted = { ...named, txnAmt: amount, qrNo: code, termId: '00000001', ...more };
    return { named, code, answer: await pen.call(BACK, '01/06', wanted) };
  }

  const asked = (named: Record<string, string>) => pen.call('queryTrans.do', '00/00', named);

  test('is 62 and seventeen digits, good for a minute and for one charge', async () => {
    const { code, answer, named } = await charge('1000');
    expect(code).toMatch(/^62\d{17}$/);
    expect(answer).toMatchObject({ respCode: '00' });
    expect(await asked(named)).toMatchObject({ origRespCode: '00', txnSubType: '06' });
    expect(world.sandbox.payerCode('lin').code).not.toBe(code);
    expect((await charge('1000', { qrNo: code })).answer).toMatchObject({ respCode: '86' });
    const old = world.sandbox.payerCode('lin').code;
    world.clock.advance(60_000);
    expect((await charge('1', { qrNo: old })).answer).toMatchObject({ respCode: '86' });
    const unknown = { qrNo: '6200000000000000000' };
    expect((await charge('1', unknown)).answer).toMatchObject({ respCode: '88' });
    expect((await charge('1', { qrNo: '130000000000000000' })).answer).toMatchObject({
      respCode: '10',
    });
  });

  test('of a dear thing waits for the password, which may be wrong, refused, or too late', async () => {
    const dear = await charge('100000');
    expect(dear.answer).toMatchObject({ respCode: '00' });
    expect(await asked(dear.named)).toMatchObject({ origRespCode: '05' });
    const [prompt] = world.sandbox.prompts('lin');
    expect(prompt).toMatchObject({ amount: 100_000n, payee: '胡同集市' });
    const id = prompt?.id ?? '';
    await expect(world.sandbox.answerPrompt(id, 'wrong_password')).rejects.toThrow(
      'wrong_password',
    );
    expect(await world.sandbox.answerPrompt(id, 'pay')).toEqual({ state: 'paid' });
    expect(await asked(dear.named)).toMatchObject({ origRespCode: '00' });
    await expect(world.sandbox.answerPrompt(id, 'pay')).rejects.toThrow('prompt_over');

    const refused = await charge('100000');
    const [second] = world.sandbox.prompts('lin');
    await world.sandbox.answerPrompt(second?.id ?? '', 'cancel');
    expect(await asked(refused.named)).toMatchObject({ origRespCode: '30' });

    const late = await charge('100000');
    world.clock.advance(5 * 60_000);
    expect(world.sandbox.prompts('lin')).toEqual([]);
    expect(await asked(late.named)).toMatchObject({ origRespCode: '69' });
  });

  test('of somebody who is short fails, and that is told by notice', async () => {
    const { answer, named } = await charge('5000', {}, 'poor');
    expect(answer).toMatchObject({ respCode: '00' });
    expect(await asked(named)).toMatchObject({ origRespCode: '64' });
    const [told] = await ear.hears(1);
    expect(told?.message.get('respCode')).toBe('64');
  });

  test('is reversed under its own name, paid or not, as often as asked', async () => {
    const before = world.sandbox.balance('lin');
    const paid = await charge('1000');
    for (let round = 0; round < 3; round += 1) {
      expect(await pen.call(BACK, '99/01', paid.named)).toMatchObject({ respCode: '00' });
    }
    expect(await asked(paid.named)).toMatchObject({ origRespCode: '46' });
    expect(world.sandbox.balance('lin')).toBe(before);
    const waiting = await charge('100000');
    expect(await pen.call(BACK, '99/01', waiting.named)).toMatchObject({ respCode: '00' });
    expect(world.sandbox.prompts('lin')).toEqual([]);
    const code = await pen.paid('1000');
    const { orderId, txnTime } = code;
    expect(await pen.call(BACK, '99/01', { orderId, txnTime })).toMatchObject({ respCode: '34' });
    expect(await refund(code.queryId, '1000')).toMatchObject({ respCode: '00' });
  });
});

describe('the clearing file', () => {
  async function fileOf(settleDate: string) {
    const more = { fileType: '00', settleDate };
    return pen.call('', '76/01', more);
  }

  function linesIn(content: string) {
    const files = unzipSync(inflateSync(Buffer.from(content, 'base64')));
    const name = Object.keys(files).find((each) => /ZM_/.test(each)) ?? '';
    const text = Buffer.from(files[name] ?? []).toString('latin1');
    return text
      .split('\r\n')
      .slice(0, -1)
      .map((line) => decodeZmLine(line));
  }

  test('has every trade of the day that ends at 23:00, from nine the next morning', async () => {
    const paid = await pen.paid('10000');
    await refund(paid.queryId, '4000');
    const undone = await pen.paid('2000');
    await undo(undone.queryId, '2000');
    world.clock.advance(11 * HOUR);
    const evening = await pen.paid('3000');
    expect(await fileOf('1120')).toMatchObject({ respCode: '98' });
    world.clock.advance(10 * HOUR);
    const { fileContent = '', fileName } = await fileOf('1120');
    expect(fileName).toBe('777290058110048_20261120.zip');
    const lines = linesIn(fileContent);
    expect(lines.map((line) => [line?.txn_type, line?.amount])).toEqual([
      ['01', '000000010000'],
      ['04', '000000004000'],
      ['01', '000000002000'],
      ['31', '000000002000'],
    ]);
    const [first, back] = lines;
    expect(decodeSigned(first?.fee ?? '')).toBe(-60n);
    expect(decodeSigned(first?.net ?? '')).toBe(9_940n);
    expect([back?.orig_query_id, decodeSigned(back?.fee ?? '')]).toEqual([paid.queryId, 24n]);
    world.clock.advance(DAY);
    const next = await fileOf('1121');
    const [only] = linesIn(next['fileContent'] ?? '');
    expect(only?.query_id).toBe(evening.queryId);
  });

  test('of a day without trades is empty; of today, or of no day, there is none', async () => {
    world.clock.advance(DAY);
    const yesterday = await fileOf('1120');
    expect(linesIn(yesterday['fileContent'] ?? '')).toEqual([]);
    expect(await fileOf(settleDateOf('2026-11-21'))).toMatchObject({ respCode: '98' });
    expect(await fileOf('1340')).toMatchObject({ respCode: '98' });
    expect(await fileOf('x')).toMatchObject({ respCode: '10' });
  });
});

test('a restarted wallet knows its trades, its codes, its people’s money and its keys', async () => {
  const records = new Map<string, { kind: string; key: string; body: string | null }>();
  const journal = {
    load: async () => [...records.values()],
    write: async (batch: readonly { kind: string; key: string; body: string | null }[]) => {
      for (const record of batch) records.set(`${record.kind} ${record.key}`, record);
    },
  };
  const first = await openTestSandbox({
    keys_dir,
    at: NOON,
    store: await SandboxStore.open(journal),
  });
  const before = new Pen(first, ear.url);
  const paid = await before.paid('1000');
  const open = { orderId: 'ORDERSTAYS', txnAmt: '700' };
  const { qrCode = '' } = await before.call(BACK, '01/07', open);
  const { code } = first.sandbox.payerCode('chen');
  const certificate = first.sandbox.merchantAccount().credentials;
  await first.stop();

  const second = await openTestSandbox({
    keys_dir,
    at: NOON,
    store: await SandboxStore.open(journal),
  });
  const after = new Pen(second, ear.url);
  expect(second.sandbox.merchantAccount().credentials).toEqual(certificate);
  const { orderId, txnTime } = paid;
  expect(await after.call('queryTrans.do', '00/00', { orderId, txnTime })).toMatchObject({
    origRespCode: '00',
    queryId: paid.queryId,
  });
  expect(await after.call('queryTrans.do', '00/02', { queryId: paid.queryId })).toMatchObject({
    orderId,
  });
  const scan = await second.sandbox.scan('lin', qrCode);
  await second.sandbox.confirm(scan.id, 'pay');
  expect(second.sandbox.balance('lin')).toBe(500_000n - 1_700n);
  expect(second.sandbox.payerCode('chen').code).toBe(code);
  await second.stop();
});
