import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shanghaiStamp } from '../../clock.ts';
import { parsePrivateKey, parsePublicKey } from '../../protocols/alipay/keys.ts';
import { encodeForm } from '../../protocols/alipay/parameters.ts';
import { requestParameters, signRequest } from '../../protocols/alipay/request.ts';
import { openResponse } from '../../protocols/alipay/response.ts';
import { type Journal, type JournalRecord, SandboxStore } from '../store.ts';
import { type Merchant, openMerchant, openTestSandbox, type TestSandbox } from './testing.ts';

let world: TestSandbox;
let merchant: Merchant;
let serial = 0;
let out_trade_no = '';

beforeAll(async () => {
  world = await openTestSandbox();
  merchant = await openMerchant();
});

beforeEach(() => {
  serial += 1;
  out_trade_no = `S${serial}`;
});

afterEach(() => world.faults.set([]));

afterAll(async () => {
  await merchant.stop();
  await world.stop();
});

interface Asked {
  readonly biz?: Record<string, unknown>;
  readonly common?: Record<string, string>;
  readonly change?: (parameters: Map<string, string>) => void;
}

async function signedForm(of: TestSandbox, method: string, asked: Asked): Promise<string> {
  const { settings, credentials } = of.sandbox.merchantAccount();
  const parameters = requestParameters({
    app_id: String(settings['app_id']),
    method,
    timestamp: shanghaiStamp(new Date()),
    ...asked.common,
    ...(asked.biz && { biz_content: asked.biz }),
  });
  await signRequest(parsePrivateKey(credentials['private_key'] ?? ''), parameters);
  asked.change?.(parameters);
  return encodeForm(parameters);
}

function post(of: TestSandbox, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' };
  return fetch(`${of.sandbox.url}/gateway.do`, { method: 'POST', headers, body });
}

/** Calls the gateway and insists that the answer is signed under its method's own name. */
async function call(method: string, asked: Asked, of = world): Promise<Record<string, unknown>> {
  const answer = await post(of, await signedForm(of, method, asked));
  expect(answer.status).toBe(200);
  const key = of.sandbox.merchantAccount().credentials['alipay_public_key'] ?? '';
  const opened = openResponse(parsePublicKey(key), await answer.text(), method);
  if (!opened.ok) throw new Error(opened.reason);
  return opened.value;
}

async function code(biz: Record<string, unknown> = {}, of = world): Promise<string> {
  const answer = await call(
    'alipay.trade.precreate',
    {
      biz: { out_trade_no, total_amount: '3.00', subject: 'tea', ...biz },
      common: { notify_url: merchant.url },
    },
    of,
  );
  return String(answer['qr_code']);
}

describe('common parameters', () => {
  test('each missing or wrong one has its own signed refusal', async () => {
    const without = (name: string) => (parameters: Map<string, string>) => parameters.delete(name);
    const wrong: [(parameters: Map<string, string>) => void, string][] = [
      [without('app_id'), 'isv.missing-app-id'],
      [without('sign'), 'isv.missing-signature'],
      [without('sign_type'), 'isv.missing-signature-type'],
      [without('timestamp'), 'isv.missing-timestamp'],
      [without('version'), 'isv.missing-version'],
      [(parameters) => parameters.set('app_id', '1'), 'isv.invalid-app-id'],
      [(parameters) => parameters.set('sign_type', 'MD5'), 'isv.invalid-signature-type'],
      [(parameters) => parameters.set('charset', 'big5'), 'isv.invalid-charset'],
      [(parameters) => parameters.set('format', 'XML'), 'isv.invalid-format'],
      [(parameters) => parameters.set('added', '1'), 'isv.invalid-signature'],
    ];
    for (const [change, sub_code] of wrong) {
      const answer = await call('alipay.trade.query', { biz: { out_trade_no }, change });
      expect(answer['sub_code']).toBe(sub_code);
      expect(answer['code']).toBe(sub_code.startsWith('isv.missing') ? '40001' : '40002');
    }
  });

  test('an unknown method, a wrong stamp and broken JSON are told apart', async () => {
    const unknown = await call('alipay.trade.teleport', { biz: {} });
    expect(unknown['sub_code']).toBe('isv.invalid-method');
    const { settings, credentials } = world.sandbox.merchantAccount();
    const key = parsePrivateKey(credentials['private_key'] ?? '');
    const base = requestParameters({
      app_id: String(settings['app_id']),
      method: 'alipay.trade.query',
      timestamp: 'noon',
    });
    await signRequest(key, base);
    expect(await (await post(world, encodeForm(base))).text()).toContain('isv.invalid-timestamp');
    base.delete('sign');
    base.set('timestamp', shanghaiStamp(new Date())).set('biz_content', '{"a":');
    await signRequest(key, base);
    expect(await (await post(world, encodeForm(base))).text()).toContain('isv.invalid-parameter');
  });

  test('a stamp in another zone is taken, with a warning', async () => {
    const common = { timestamp: shanghaiStamp(new Date(Date.now() - 8 * 3_600_000)) };
    const answer = await post(
      world,
      await signedForm(world, 'alipay.trade.query', { common, biz: { out_trade_no } }),
    );
    expect(answer.headers.get('x-sandbox-warning')).toContain('-480 minutes');
    expect(await answer.text()).toContain('ACQ.TRADE_NOT_EXIST');
  });

  test('a refusal echoes the order and shows zero amounts, as the wallet does', async () => {
    const answer = await call('alipay.trade.query', { biz: { out_trade_no } });
    expect(answer).toMatchObject({ out_trade_no, receipt_amount: '0.00', code: '40004' });
  });

  test('no body, however odd, breaks the gateway or goes unsigned', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.webQueryParameters()), async (text) => {
        const answer = await post(world, text);
        expect(answer.status).toBe(200);
        expect(await answer.text()).toMatch(/^\{"\w+_response":\{.*\},"sign":"[^"]+"\}$/s);
      }),
      { numRuns: 50 },
    );
  });

  test('signed business content of any shape is answered without a break', async () => {
    const names = ['out_trade_no', 'total_amount', 'subject', 'time_expire', 'refund_amount'];
    const methods = ['precreate', 'create', 'query', 'close', 'cancel', 'refund'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.dictionary(fc.constantFrom(...names), fc.jsonValue()),
        async (method, biz) => {
          const answer = await call(`alipay.trade.${method}`, { biz });
          expect(answer['sub_code']).not.toBe('isp.unknow-error');
        },
      ),
      { numRuns: 40 },
    );
  });

  test('other verbs, large bodies and unknown paths are refused', async () => {
    const { url } = world.sandbox;
    expect((await fetch(`${url}/gateway.do`, { method: 'PUT' })).status).toBe(405);
    expect((await post(world, 'a'.repeat(70_000))).status).toBe(413);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect((await fetch(`${url}/cashier/none`)).status).toBe(404);
  });
});

describe('the life of an order', () => {
  test('closing an unscanned order fails and leaves its code payable', async () => {
    const qr = await code();
    const answer = await call('alipay.trade.close', { biz: { out_trade_no } });
    expect(answer['sub_code']).toBe('ACQ.TRADE_NOT_EXIST');
    const scanned = await world.sandbox.scan('lin', qr);
    expect(await world.sandbox.confirm(scanned.id, 'pay')).toEqual({ state: 'paid' });
  });

  test('a code lives two hours, then the same number gets a new one', async () => {
    const qr = await code();
    world.clock.advance(2 * 3_600_000);
    await expect(world.sandbox.scan('lin', qr)).rejects.toThrow('code_expired');
    const again = await code();
    expect(again).not.toBe(qr);
    await world.sandbox.scan('lin', again);
    await expect(world.sandbox.scan('lin', qr)).rejects.toThrow('unknown_code');
  });

  test('timeout_express closes a waiting trade; the scan that waited is refused', async () => {
    const scanned = await world.sandbox.scan('lin', await code({ timeout_express: '5m' }));
    world.clock.advance(5 * 60_000);
    await expect(world.sandbox.confirm(scanned.id, 'pay')).rejects.toThrow('order_closed');
    const answer = await call('alipay.trade.query', { biz: { out_trade_no } });
    expect(answer).toMatchObject({ trade_status: 'TRADE_CLOSED', receipt_amount: '0.00' });
    expect(answer['send_pay_date']).toBeUndefined();
  });

  test('a year after payment the trade is finished and refunds no more', async () => {
    const scanned = await world.sandbox.scan('lin', await code());
    await world.sandbox.confirm(scanned.id, 'pay');
    world.clock.advance(366 * 86_400_000);
    const answer = await call('alipay.trade.query', { biz: { out_trade_no } });
    expect(answer['trade_status']).toBe('TRADE_FINISHED');
    const late = await call('alipay.trade.refund', {
      biz: { out_trade_no, refund_amount: '3.00' },
    });
    expect(late['sub_code']).toBe('ACQ.TRADE_HAS_FINISHED');
  });

  test('one number means one order: other amount, subject or product is inconsistent', async () => {
    await code();
    for (const change of [{ total_amount: '3.01' }, { subject: 'cake' }]) {
      const biz = { out_trade_no, total_amount: '3.00', subject: 'tea', ...change };
      const answer = await call('alipay.trade.precreate', { biz });
      expect(answer['sub_code']).toBe('ACQ.CONTEXT_INCONSISTENT');
    }
  });
});

describe('the phone', () => {
  test('wrong password, cancel, other payer and short money are refused by name', async () => {
    const qr = await code();
    const scanned = await world.sandbox.scan('lin', qr);
    await expect(world.sandbox.confirm(scanned.id, 'wrong_password')).rejects.toThrow(
      'wrong_password',
    );
    expect(await world.sandbox.confirm(scanned.id, 'cancel')).toEqual({ state: 'cancelled' });
    await expect(world.sandbox.confirm(scanned.id, 'pay')).rejects.toThrow('scan_expired');
    await expect(world.sandbox.scan('chen', qr)).rejects.toThrow('other_payer');
    await expect(world.sandbox.scan('lin', 'https://example.com/')).rejects.toThrow('unknown_code');
    await expect(world.sandbox.scan('lin', 'nonsense')).rejects.toThrow('unknown_code');
    out_trade_no += 'b';
    const poor = await world.sandbox.scan('poor', await code());
    expect(world.sandbox.balance('poor')).toBe(100n);
    await expect(world.sandbox.confirm(poor.id, 'pay')).rejects.toThrow('insufficient_balance');
    await world.sandbox.setBalance('poor', 300n);
    // The scan is still open: the same person pays with it once there is money.
    await world.sandbox.confirm(poor.id, 'pay');
    expect(world.sandbox.balance('poor')).toBe(0n);
    await expect(world.sandbox.confirm(poor.id, 'pay')).rejects.toThrow('scan_expired');
    await expect(world.sandbox.scan('poor', await code().catch(() => ''))).rejects.toThrow();
  });
});

describe('the books', () => {
  test('money is conserved between payers and merchant', async () => {
    const own = await openTestSandbox();
    const people = ['lin', 'chen', 'poor'];
    const total = () => people.reduce((sum, person) => sum + own.sandbox.balance(person), 0n);
    const start = total();
    for (const person of ['lin', 'chen', 'lin']) {
      out_trade_no += 'x';
      const scanned = await own.sandbox.scan(person, await code({}, own));
      await own.sandbox.confirm(scanned.id, 'pay');
    }
    const biz = { out_trade_no, refund_amount: '1.25', out_request_no: 'R1' };
    await call('alipay.trade.refund', { biz }, own);
    const held = [...own.sandbox.merchantBalances().values()].reduce((sum, part) => sum + part, 0n);
    expect(held).toBe(775n);
    expect(total() + held).toBe(start);
    const first = own.sandbox.transactions({ limit: 2 });
    const rest = own.sandbox.transactions({ after: first[1]?.wallet_reference ?? '', limit: 2 });
    expect(first.length + rest.length).toBe(3);
    expect(rest[0]).toMatchObject({ state: 'partially_refunded', refunded: 125n, amount: 300n });
    await own.stop();
  });

  test('a restart keeps keys, trades, balances and waiting notifications', async () => {
    const records = new Map<string, JournalRecord>();
    const journal: Journal = {
      load: async () => [...records.values()],
      write: async (batch) => {
        for (const record of batch) records.set(`${record.kind}/${record.key}`, record);
      },
    };
    const { keys_dir } = world;
    const first = await openTestSandbox({ keys_dir, store: await SandboxStore.open(journal) });
    const qr = await code({}, first);
    const scanned = await first.sandbox.scan('lin', qr);
    merchant.say('fail');
    await first.sandbox.confirm(scanned.id, 'pay');
    const { credentials } = first.sandbox.merchantAccount();
    await first.stop();
    merchant.say('success');
    const second = await openTestSandbox({ keys_dir, store: await SandboxStore.open(journal) });
    expect(second.sandbox.merchantAccount().credentials).toEqual(credentials);
    expect(second.sandbox.balance('lin')).toBe(first.sandbox.balance('lin'));
    const answer = await call('alipay.trade.query', { biz: { out_trade_no } }, second);
    expect(answer['trade_status']).toBe('TRADE_SUCCESS');
    await expect(second.sandbox.scan('lin', qr)).rejects.toThrow('order_paid');
    await second.stop();
  });

  test('nobody is told of a payment before it is durable', async () => {
    let release = () => {};
    let gate = Promise.resolve();
    const journal: Journal = { load: async () => [], write: () => gate };
    const store = await SandboxStore.open(journal);
    const slow = await openTestSandbox({ store });
    const scanned = await slow.sandbox.scan('lin', await code({}, slow));
    const heard = merchant.heard.length;
    gate = new Promise((resolve) => {
      release = resolve;
    });
    let answered = false;
    const confirmed = slow.sandbox.confirm(scanned.id, 'pay').then(() => {
      answered = true;
    });
    // Three whole exchanges with the same process: time enough for an early notification.
    for (let round = 0; round < 3; round += 1) {
      await fetch(`${slow.sandbox.url}/bridge.js`);
      await fetch(merchant.url.replace('/notify', '/idle'));
    }
    const told = merchant.heard.slice(heard).filter(({ body }) => body.length > 0);
    expect({ answered, told: told.length }).toEqual({ answered: false, told: 0 });
    release();
    await confirmed;
    await merchant.hears(heard + 4);
    await slow.stop();
  });

  test('a change that cannot be written is never answered as success', async () => {
    const journal: Journal = {
      load: async () => [],
      write: () => Promise.reject(new Error('disk full')),
    };
    const store = await SandboxStore.open(journal, { patience_ms: 20 });
    const broken = openTestSandbox({ store });
    await expect(broken).rejects.toThrow();
  });

  test('keys are for their owner only', async () => {
    for (const name of ['app_private_key.pem', 'alipay_private_key.pem']) {
      expect((await stat(join(world.keys_dir, name))).mode & 0o777).toBe(0o600);
    }
  });
});
