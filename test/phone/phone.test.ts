import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SANDBOX_WALLETS } from '../../src/sandbox/sandbox.ts';
import { call, type PhoneAnswer, type PhoneRig, startPhoneRig } from './phone-rig.ts';

let rig: PhoneRig;

beforeAll(async () => {
  rig = await startPhoneRig();
});

beforeEach(() => {
  for (const dial of Object.values(rig.wallets.faults)) {
    dial.set([]);
    dial.sentinels = false;
  }
});

function scan(person: string, code: string, wallet?: string): Promise<PhoneAnswer> {
  const json = { person, code, ...(wallet === undefined ? {} : { wallet }) };
  return call(rig.phone, '/api/scan', { json });
}

function errorCode(answer: PhoneAnswer): unknown {
  return (answer.json()['error'] as { code: string }).code;
}

async function balance(wallet: string, person: string): Promise<number | undefined> {
  const { people } = (await call(rig.phone, `/api/wallets/${wallet}/balances`)).json() as {
    people: { person: string; amount: number }[];
  };
  return people.find((entry) => entry.person === person)?.amount;
}

describe.each(SANDBOX_WALLETS)('with %s', (wallet) => {
  test('a person scans, sees amount and payee, pays, and the wallet’s book says so', async () => {
    const code = await rig.code(wallet, 6_800n);
    const scanned = await scan('lin-xia', code, wallet);
    expect(scanned.status).toBe(200);
    expect(scanned.json()).toMatchObject({ wallet, amount: 6_800, currency: 'CNY' });
    expect(scanned.json()['payee']).not.toBe('');
    const before = await balance(wallet, 'lin-xia');
    const { id } = scanned.json();
    const paid = await call(rig.phone, '/api/confirm', { json: { scan: id, outcome: 'pay' } });
    expect(paid.json()).toEqual({ state: 'paid' });
    expect(await balance(wallet, 'lin-xia')).toBe((before ?? 0) - 6_800);
    const book = await call(rig.phone, `/api/wallets/${wallet}/transactions`);
    expect(book.json()['data']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ state: 'paid', amount: 6_800, payer: 'lin-xia' }),
      ]),
    );
    expect(errorCode(await scan('chen-yu', code))).toBe('order_paid');
  });

  test('the wallet is found from the code alone', async () => {
    const scanned = await scan('wang-min', await rig.code(wallet, 100n));
    expect(scanned.json()['wallet']).toBe(wallet);
  });

  test('a wrong password, then a cancelled scan, take no money', async () => {
    const before = await balance(wallet, 'chen-yu');
    const { id } = (await scan('chen-yu', await rig.code(wallet, 500n))).json();
    const wrong = { scan: id, outcome: 'wrong_password' };
    expect(errorCode(await call(rig.phone, '/api/confirm', { json: wrong }))).toBe(
      'wrong_password',
    );
    const cancel = await call(rig.phone, '/api/confirm', { json: { scan: id, outcome: 'cancel' } });
    expect(cancel.json()).toEqual({ state: 'cancelled' });
    expect(await balance(wallet, 'chen-yu')).toBe(before);
  });

  test('the person with one yuan cannot pay two, until given more', async () => {
    const code = await rig.code(wallet, 200n);
    const pay = async () => {
      const { id } = (await scan('zhou-ping', code)).json();
      return call(rig.phone, '/api/confirm', { json: { scan: id, outcome: 'pay' } });
    };
    const poor = await pay();
    expect([poor.status, errorCode(poor)]).toEqual([409, 'insufficient_balance']);
    await call(rig.phone, `/api/wallets/${wallet}/balances`, {
      json: { person: 'zhou-ping', amount: 300 },
    });
    expect((await pay()).json()).toEqual({ state: 'paid' });
    expect(await balance(wallet, 'zhou-ping')).toBe(100);
  });

  test('the transactions come in pages that miss nothing', async () => {
    for (let i = 0; i < 3; i += 1) {
      const { id } = (await scan('wang-min', await rig.code(wallet, 10n))).json();
      await call(rig.phone, '/api/confirm', { json: { scan: id, outcome: 'pay' } });
    }
    const path = `/api/wallets/${wallet}/transactions`;
    const all = (await call(rig.phone, `${path}?limit=1000`)).json()['data'] as object[];
    const paged: object[] = [];
    let after = '';
    for (let page = 0; page < all.length; page += 1) {
      const answer = (await call(rig.phone, `${path}?limit=1${after}`)).json();
      paged.push(...(answer['data'] as object[]));
      expect(answer['has_more']).toBe(paged.length < all.length);
      after = `&after=${String(answer['next_cursor'])}`;
    }
    expect(paged).toEqual(all);
  });
});

describe('the JSON API', () => {
  test('names the people, in either language, with their wallets', async () => {
    const people = (await call(rig.phone, '/api/people')).json()['data'] as object[];
    expect(people[0]).toEqual({
      id: 'lin-xia',
      name: 'Lin Xia',
      wallets: rig.wallets.all.map(({ wallet }) => wallet),
    });
    expect((await call(rig.phone, '/api/people?lang=zh')).text).toContain('林夏');
  });

  test('moves the clock by a duration, and refuses what is none', async () => {
    const before = (await call(rig.phone, '/api/clock')).json()['offset_ms'] as number;
    const moved = await call(rig.phone, '/api/clock', { json: { advance: 'PT15M' } });
    expect(moved.json()['offset_ms']).toBe(before + 900_000);
    for (const advance of ['15', '-PT1H', 'P999999D', '']) {
      const refused = await call(rig.phone, '/api/clock', { json: { advance } });
      expect([refused.status, errorCode(refused)]).toEqual([400, 'invalid_parameter']);
    }
  });

  test('sets one fault, replaces all, and takes one away', async () => {
    const set = (json: object) => call(rig.phone, '/api/faults', { json });
    await set({ wallet: 'alipay', fault: 'notification_lost', probability: 0.2 });
    await set({ wallet: 'alipay', fault: 'error_after_effect', count: 2 });
    expect(rig.wallets.faults.alipay.settings).toEqual([
      { fault: 'notification_lost', probability: 0.2 },
      { fault: 'error_after_effect', probability: 1, remaining: 2 },
    ]);
    await set({ wallet: 'alipay', fault: 'notification_lost', probability: 0 });
    expect(rig.wallets.faults.alipay.settings).toHaveLength(1);
    await set({ wallet: 'alipay', faults: [{ fault: 'timeout_after_effect' }], seed: 7 });
    const shown = (await call(rig.phone, '/api/faults')).json()['data'];
    expect(shown).toMatchObject({
      wechat_pay: [],
      alipay: [{ fault: 'timeout_after_effect', probability: 1 }],
    });
  });

  test.each([
    ['/api/scan', { person: 'lin-xia' }, 400, 'invalid_parameter'],
    ['/api/scan', { person: 'nobody', code: 'x' }, 404, 'not_found'],
    ['/api/scan', { person: 'lin-xia', code: 'x', more: 1 }, 400, 'invalid_parameter'],
    ['/api/scan', { person: 'lin-xia', code: 'no such code' }, 409, 'unknown_code'],
    ['/api/confirm', { scan: 'gone', outcome: 'pay' }, 409, 'scan_expired'],
    ['/api/confirm', { scan: 'gone', outcome: 'steal' }, 400, 'invalid_parameter'],
    ['/api/faults', { wallet: 'alipay', fault: 'flood' }, 400, 'invalid_parameter'],
    ['/api/wallets/gold/balances', { person: 'lin-xia', amount: 1 }, 404, 'not_found'],
    ['/api/wallets/alipay/balances', { person: 'x', amount: -1 }, 400, 'invalid_parameter'],
    ['/api/scan', 'x'.repeat(70_000), 413, 'body_too_large'],
  ])('%s with %j is %i %s', async (path, json, status, code) => {
    const answer = await call(rig.phone, path, { json });
    expect([answer.status, errorCode(answer)]).toEqual([status, code]);
  });
});

describe('the page', () => {
  test('pays by forms alone', async () => {
    const code = await rig.code('alipay', 1_990n);
    const home = await call(rig.phone, `/?person=lin-xia&code=${encodeURIComponent(code)}`);
    expect(home.text).toContain(code);
    const scanned = await call(rig.phone, '/scan', {
      form: { person: 'lin-xia', wallet: '', code },
    });
    expect([scanned.status, scanned.location.split('=')[0]]).toEqual([303, '/pay?scan']);
    const sheet = await call(rig.phone, scanned.location);
    expect(sheet.text).toContain('¥19.90');
    const scanId = new URLSearchParams(scanned.location.split('?')[1]).get('scan') ?? '';
    const form = { person: 'lin-xia', wallet: 'alipay', id: scanId, outcome: 'pay' };
    const wrong = await call(rig.phone, '/confirm', { form: { ...form, password: '000000' } });
    expect(wrong.location).toContain('error=wrong_password');
    expect((await call(rig.phone, wrong.location)).text).toContain('Wrong password');
    const paid = await call(rig.phone, '/confirm', { form: { ...form, password: '123456' } });
    expect((await call(rig.phone, paid.location)).text).toContain('Payment successful');
    const history = await call(rig.phone, '/?person=lin-xia&wallet=alipay&lang=zh');
    expect(history.text).toContain('−¥19.90');
  });

  test('keeps a code no wallet knows in the field, as text', async () => {
    const code = '"><script>alert(1)</script>';
    const answer = await call(rig.phone, '/scan', {
      form: { person: 'lin-xia', wallet: '', code },
    });
    const page = await call(rig.phone, answer.location);
    expect(page.text).toContain('No wallet here knows this code');
    expect(page.text).not.toContain('<script>alert');
  });

  test('sets faults and moves the clock from its panels', async () => {
    const form = { person: 'lin-xia', wallet: 'wechat_pay', notification_lost: 'once' };
    const answer = await call(rig.phone, '/faults', { form });
    expect(answer.location).toBe('/?person=lin-xia&wallet=wechat_pay');
    expect(rig.wallets.faults.wechat_pay.settings).toEqual([
      { fault: 'notification_lost', probability: 1, remaining: 1 },
    ]);
    const before = (await call(rig.phone, '/api/clock')).json()['offset_ms'] as number;
    await call(rig.phone, '/clock', { form: { ...form, advance: 'PT2H' } });
    expect((await call(rig.phone, '/api/clock')).json()['offset_ms']).toBe(before + 7_200_000);
  });
});

describe('who may use the phone', () => {
  test.each(['evil.example', 'evil.example:8090', '127.0.0.1.evil.example'])(
    'not a page that reached us under the name "%s"',
    async (host) => {
      const answer = await call(rig.phone, '/api/people', { headers: { host } });
      expect([answer.status, answer.text.includes('Lin Xia')]).toEqual([403, false]);
    },
  );

  test.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('not a page of another origin: %j', async (headers) => {
    const before = (await call(rig.phone, '/api/clock')).json()['offset_ms'];
    const answer = await call(rig.phone, '/api/clock', { json: { advance: 'PT1H' }, headers });
    expect(answer.status).toBe(403);
    expect((await call(rig.phone, '/api/clock')).json()['offset_ms']).toBe(before);
  });
});

describe('off loopback', () => {
  let open: PhoneRig;

  beforeAll(async () => {
    open = await startPhoneRig({ host: '0.0.0.0', token: 'a-token-for-this-test' });
  });

  test('nothing is shown or done without the token, whatever the name', async () => {
    expect(open.phone.url).toMatch(/\/\?token=a-token-for-this-test$/);
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { cookie: 'hutong_phone=x' }]) {
      const answer = await call(open.phone, '/api/people', { headers });
      expect([answer.status, answer.text.includes('Lin Xia')]).toEqual([403, false]);
    }
  });

  test('the token opens it in the address, a header or the cookie it leaves', async () => {
    const ways = [
      call(open.phone, '/?token=a-token-for-this-test'),
      call(open.phone, '/', { headers: { authorization: 'Bearer a-token-for-this-test' } }),
      call(open.phone, '/', { headers: { cookie: 'hutong_phone=a-token-for-this-test' } }),
    ];
    for (const answer of await Promise.all(ways)) expect(answer.status).toBe(200);
  });
});
