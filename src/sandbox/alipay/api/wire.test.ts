import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { connect } from 'node:net';
import iconv from 'iconv-lite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shanghaiStamp } from '../../../clock.ts';
import { parsePublicKey, verifyText } from '../../../protocols/alipay/keys.ts';
import { verifyNotification } from '../../../protocols/alipay/notification.ts';
import {
  canonicalText,
  decodeFormBytes,
  decodeForms,
  decodeValues,
  encodeForm,
} from '../../../protocols/alipay/parameters.ts';
import { extractResponse } from '../../../protocols/alipay/response.ts';
import type { FaultSetting } from '../../faults.ts';
import { type Merchant, openMerchant, openTestSandbox, type TestSandbox } from '../testing.ts';

const ISV_APP_ID = '9021000100000031';

/** The wire byte by byte, without an SDK between. */
let world: TestSandbox;
let merchant: Merchant;
let serial = 0;
let out_trade_no = '';

beforeAll(async () => {
  world = await openTestSandbox();
  merchant = await openMerchant();
});

afterAll(async () => {
  await merchant.stop();
  await world.stop();
});

beforeEach(() => {
  serial += 1;
  out_trade_no = `WIRE${serial}`;
  merchant.heard.length = 0;
});

afterEach(() => world.faults.set([]));

function faults(...settings: FaultSetting[]): void {
  world.faults.set(settings);
}

function account(role = 'key') {
  const found = world.sandbox.accounts().find((one) => one.role === role);
  if (!found) throw new Error(`no ${role}`);
  return found;
}

function privateKey(role = 'key'): KeyObject {
  return createPrivateKey(account(role).credentials['private_key'] ?? '');
}

function alipayKey(): KeyObject {
  return parsePublicKey(account().credentials['alipay_public_key'] ?? '');
}

function common(method: string, biz: object): Map<string, string> {
  return new Map([
    ['app_id', String(account().settings['app_id'])],
    ['method', method],
    ['charset', 'utf-8'],
    ['sign_type', 'RSA2'],
    ['timestamp', shanghaiStamp(world.clock.real())],
    ['version', '1.0'],
    ['notify_url', merchant.url],
    ['biz_content', JSON.stringify(biz)],
  ]);
}

interface Signing {
  readonly text?: (parameters: Map<string, string>) => string | Buffer;
  readonly key?: KeyObject;
  readonly digest?: string;
}

function sign(parameters: Map<string, string>, how: Signing = {}): Map<string, string> {
  const text = how.text?.(parameters) ?? canonicalText(parameters, { without: ['sign'] });
  const signer = createSign(how.digest ?? 'RSA-SHA256').update(text);
  return parameters.set('sign', signer.sign(how.key ?? privateKey(), 'base64'));
}

async function post(parameters: Map<string, string>, encode?: (text: string) => Buffer) {
  const answer = await fetch(`${world.sandbox.url}/gateway.do`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: encodeForm(parameters, encode),
  });
  return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
}

const order = (extra: object = {}) => ({
  ...{ out_trade_no, total_amount: '12.34', subject: '龙井茶' },
  ...extra,
});

async function ask(method: string, biz: object): Promise<Record<string, unknown>> {
  const { bytes } = await post(sign(common(method, biz)));
  const found = extractResponse(bytes.toString('utf8'), method);
  if (!found.ok) throw new Error(found.reason);
  return JSON.parse(found.content) as Record<string, unknown>;
}

async function act(name: string, input: object): Promise<unknown> {
  return world.sandbox.actions.find((one) => one.name === name)?.run(input);
}

function lastLogged() {
  const [entry] = world.requests.list({ limit: 1 });
  if (!entry) throw new Error('nothing is logged');
  return entry;
}

const encoded = (parameters: Map<string, string>) =>
  canonicalText(
    new Map([...parameters].map(([name, value]) => [name, encodeURIComponent(value)])),
    { without: ['sign'] },
  );

describe('a wrong signature is explained', () => {
  const mistakes: [string, Signing, (parameters: Map<string, string>) => void, RegExp][] = [
    [
      'empty values signed',
      { text: (all) => canonicalText(all, { without: ['sign'], keep_empty: true }) },
      (all) => all.set('return_url', ''),
      /leave it out/,
    ],
    [
      'sign_type dropped',
      { text: (all) => canonicalText(all, { without: ['sign', 'sign_type'] }) },
      () => {},
      /sign_type is part/,
    ],
    ['values URL-encoded', { text: encoded }, () => {}, /URL-encoded before/],
    [
      'unsorted',
      { text: (all) => [...all].map(([name, value]) => `${name}=${value}`).join('&') },
      () => {},
      /not sorted/,
    ],
    [
      'bytes of another charset',
      { text: (all) => iconv.encode(canonicalText(all, { without: ['sign'] }), 'gbk') },
      () => {},
      /signed as gbk/,
    ],
    ['SHA-1 under RSA2', { digest: 'RSA-SHA1' }, () => {}, /signature is RSA/],
  ];

  test.each(mistakes)('%s', async (_name, how, change, hint) => {
    const parameters = common('alipay.trade.precreate', order());
    change(parameters);
    const { bytes } = await post(sign(parameters, how));
    expect(bytes.toString('utf8')).toContain('isv.invalid-signature');
    const { signature, verdict } = lastLogged();
    expect(verdict).toBe('isv.invalid-signature');
    expect(signature.state).toBe('wrong');
    expect(signature.hint).toMatch(hint);
    expect(signature.expected_text).toContain('"subject":"龙井茶"');
    if (how.digest === undefined) expect(signature.signed_text).not.toBe(signature.expected_text);
  });

  test('by the key of another application, or by nothing at all', async () => {
    const parameters = common('alipay.trade.query', { out_trade_no });
    await post(sign(parameters, { key: privateKey('isv') }));
    expect(lastLogged().signature.hint).toContain(ISV_APP_ID);
    await post(parameters.set('sign', 'AAAA'));
    expect(lastLogged().signature).toMatchObject({ state: 'wrong' });
    expect(lastLogged().signature.signed_text).toBeUndefined();
    parameters.delete('sign');
    await post(parameters);
    expect(lastLogged()).toMatchObject({
      operation: 'alipay.trade.query',
      verdict: 'isv.missing-signature',
      signature: { state: 'missing' },
    });
  });
});

describe('parameters', () => {
  test('query and body are one set; unknown ones are signed, doubled ones refused', async () => {
    const all = sign(common('alipay.trade.query', { out_trade_no }).set('unknown_one', '1'));
    const half = (inQuery: boolean) =>
      encodeForm(new Map([...all].filter((_entry, index) => (index % 2 === 0) === inQuery)));
    const send = (query: string, body: string) =>
      fetch(`${world.sandbox.url}/gateway.do?${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      }).then((answer) => answer.text());
    expect(await send(half(true), half(false))).toContain('ACQ.TRADE_NOT_EXIST');
    expect(await send(encodeForm(all), 'unknown_one=2')).toContain('参数重复：unknown_one');
    expect(await send(encodeForm(all), 'unknown_two=2')).toContain('isv.invalid-signature');
  });

  test('GBK is decoded, signed and answered in its own bytes', async () => {
    const encode = (text: string) => iconv.encode(text, 'gbk');
    const parameters = common('alipay.trade.precreate', order()).set('charset', 'gb2312');
    const text = (all: Map<string, string>) => encode(canonicalText(all, { without: ['sign'] }));
    const created = await post(sign(parameters, { text }), encode);
    expect(created.answer.headers.get('content-type')).toBe('text/html;charset=GBK');
    const code = /"qr_code":"([^"]+)"/.exec(created.bytes.toString('latin1'))?.[1] ?? '';
    const scanned = await world.sandbox.scan('lin', code.replaceAll('\\/', '/'));
    expect(scanned.description).toBe('龙井茶');
    await world.sandbox.confirm(scanned.id, 'pay');
    const [heard] = await merchant.hears(1);
    const told = decodeFormBytes(heard?.body.toString('latin1') ?? '').parameters;
    expect(decodeValues(told, 'gbk').get('subject')).toBe('龙井茶');
    expect(verifyNotification(alipayKey(), decodeValues(told, 'gbk'), encode)).toBe(true);
    expect(verifyNotification(alipayKey(), decodeValues(told, 'gbk'))).toBe(false);
    const wrong = common('alipay.trade.query', {}).set('charset', 'gbk');
    const { bytes } = await post(sign(wrong, { text }), encode);
    const found = extractResponse(bytes.toString('latin1'), 'alipay.trade.query');
    if (!found.ok) throw new Error(found.reason);
    const content = Buffer.from(found.content, 'latin1');
    expect(new TextDecoder('gbk', { fatal: true }).decode(content)).toContain('参数无效');
    expect(verifyText(alipayKey(), content, found.sign ?? '')).toBe(true);
  });

  test('RSA is for applications that asked for it; then the answer is RSA too', async () => {
    const parameters = () =>
      sign(common('alipay.trade.query', { out_trade_no }).set('sign_type', 'RSA'), {
        digest: 'RSA-SHA1',
      });
    expect((await post(parameters())).bytes.toString()).toContain('isv.missing-signature-config');
    const { app_id } = account().settings;
    await act('applications/rsa', { app_id, allowed: true });
    const { bytes } = await post(parameters());
    const found = extractResponse(bytes.toString(), 'alipay.trade.query');
    if (!found.ok) throw new Error(found.reason);
    expect(found.content).toContain('ACQ.TRADE_NOT_EXIST');
    expect(verifyText(alipayKey(), found.content, found.sign ?? '', 'RSA')).toBe(true);
    await act('applications/rsa', { app_id, allowed: false });
  });

  test('stamps of another hour are warned of, and refused when set to strict', async () => {
    const late = () =>
      sign(
        common('alipay.trade.query', { out_trade_no }).set(
          'timestamp',
          shanghaiStamp(new Date(world.clock.real().getTime() - 8 * 3_600_000)),
        ),
      );
    const lenient = await post(late());
    expect(lenient.answer.headers.get('x-sandbox-warning')).toContain('-480 minutes');
    await act('timestamps', { mode: 'strict' });
    expect((await post(late())).bytes.toString()).toContain('isv.invalid-timestamp');
    expect(await ask('alipay.trade.query', { out_trade_no })).toMatchObject({
      sub_code: 'ACQ.TRADE_NOT_EXIST',
    });
    await act('timestamps', { mode: 'lenient' });
  });
});

describe('the fault dial', () => {
  const once = (fault: FaultSetting['fault'], rest: Partial<FaultSetting> = {}): FaultSetting => ({
    fault,
    probability: 1,
    remaining: 1,
    ...rest,
  });
  const query = () => post(sign(common('alipay.trade.query', { out_trade_no })));

  test('spoils or leaves out signatures, the effect is real', async () => {
    faults(once('answer_probed', { operation: 'alipay.trade.precreate' }));
    const { bytes } = await post(sign(common('alipay.trade.precreate', order())));
    const found = extractResponse(bytes.toString(), 'alipay.trade.precreate');
    if (!found.ok) throw new Error(found.reason);
    expect(verifyText(alipayKey(), found.content, found.sign ?? '')).toBe(false);
    expect(lastLogged()).toMatchObject({ verdict: 'ok', fault: 'answer_probed' });
    faults(once('answer_unsigned'));
    expect((await query()).bytes.toString()).not.toContain('"sign"');
  });

  test('resets before the call, cuts within the answer, delays, limits', async () => {
    faults(once('connection_reset'));
    await expect(query()).rejects.toThrow();
    faults(once('answer_cut'));
    await expect(query()).rejects.toThrow();
    faults(once('answer_slow', { delay_ms: 120 }));
    const started = performance.now();
    await query();
    expect(performance.now() - started).toBeGreaterThan(110);
    faults(once('rate_limited'));
    expect((await query()).bytes.toString()).toContain('"code":"40005"');
    expect(lastLogged().verdict).toBe('isv.app-call-limited');
  });

  test('strikes by operation and amount only', async () => {
    faults(once('error_before_effect', { operation: 'alipay.trade.precreate', amount: 1234n }));
    expect((await query()).answer.status).toBe(200);
    const other = sign(common('alipay.trade.precreate', order({ total_amount: '1.00' })));
    expect((await post(other)).answer.status).toBe(200);
    out_trade_no += 'X';
    const meant = sign(common('alipay.trade.precreate', order()));
    expect((await post(meant)).answer.status).toBe(502);
    expect(lastLogged()).toMatchObject({ status: 502, fault: 'error_before_effect' });
  });

  test('states another amount, in answers and in notifications, under good signatures', async () => {
    const { qr_code } = await ask('alipay.trade.precreate', order());
    const scanned = await world.sandbox.scan('lin', String(qr_code));
    faults(once('answer_wrong_amount', { amount: 1234n }));
    const waiting = await ask('alipay.trade.query', { out_trade_no });
    expect(waiting['total_amount']).toBe('12.35');
    faults(once('notification_wrong_amount'), once('notification_probed'));
    await world.sandbox.confirm(scanned.id, 'pay');
    const heard = await merchant.hears(2);
    const sets = heard.map(({ body }) => decodeForms(body.toString('utf8')).parameters);
    expect(sets.map((set) => verifyNotification(alipayKey(), set))).toEqual([false, true]);
    expect(sets[1]?.get('total_amount')).toBe('12.35');
  });
});

describe('the old question whether a notification is genuine', () => {
  test('is answered for its own seller, for a minute', async () => {
    const { qr_code } = await ask('alipay.trade.precreate', order());
    const scanned = await world.sandbox.scan('lin', String(qr_code));
    await world.sandbox.confirm(scanned.id, 'pay');
    const [heard] = await merchant.hears(1);
    const notify_id = new URLSearchParams(heard?.body.toString()).get('notify_id') ?? '';
    const verify = async (partner: unknown, id: string) => {
      const query = new URLSearchParams({
        service: 'notify_verify',
        partner: String(partner),
        notify_id: id,
      });
      return (await fetch(`${world.sandbox.url}/gateway.do?${query}`)).text();
    };
    expect(await verify(account().settings['seller_id'], notify_id)).toBe('true');
    expect(await verify('2088100000000011', notify_id)).toBe('false');
    expect(await verify(account().settings['seller_id'], `${notify_id}0`)).toBe('false');
  });
});

test('a caller that hangs up at once does no harm', async () => {
  const { port } = new URL(world.sandbox.url);
  const socket = connect(Number(port), '127.0.0.1', () => {
    socket.write('POST /v3/alipay/trade/query HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-le');
    socket.destroy();
  });
  await new Promise((resolve) => socket.once('close', resolve));
  expect(await ask('alipay.trade.query', { out_trade_no })).toMatchObject({ code: '40004' });
});
