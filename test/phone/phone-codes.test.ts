import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SANDBOX_WALLETS, type SandboxWallet } from '../../src/sandbox/sandbox.ts';
import { call, type PhoneAnswer, type PhoneRig, startPhoneRig } from './phone-rig.ts';

/** What the phone shows by itself: payer codes, prompts, transfers; and the codes around it. */
let rig: PhoneRig;

beforeAll(async () => {
  rig = await startPhoneRig();
});
beforeEach(() => {
  for (const dial of Object.values(rig.wallets.faults)) dial.set([]);
});

interface Shown {
  readonly wallet: string;
  readonly id: string;
  readonly amount: number;
  readonly code: string;
  readonly expires_at: string;
  readonly description: string;
}

async function listAt(path: string): Promise<Shown[]> {
  return (await call(rig.phone, path)).json()['data'] as Shown[];
}

async function payerCode(person: string, wallet: string): Promise<Shown> {
  const answer = await call(rig.phone, `/api/people/${person}/payer-code?wallet=${wallet}`);
  expect(answer.status).toBe(200);
  return answer.json() as unknown as Shown;
}

function post(path: string, json: unknown): Promise<PhoneAnswer> {
  return call(rig.phone, path, { json });
}

function errorCode(answer: PhoneAnswer): unknown {
  return (answer.json()['error'] as { code: string }).code;
}

function balance(wallet: SandboxWallet, person: string): bigint {
  return rig.wallets.all.find((each) => each.wallet === wallet)?.balance(person) ?? -1n;
}

/** Douyin Pay is not charged at counters. */
const AT_COUNTERS = SANDBOX_WALLETS.filter((wallet) => wallet !== 'douyin_pay');

describe.each(AT_COUNTERS)('with %s', (wallet) => {
  test('a payer code stays for its minute, is charged once, then another is shown', async () => {
    const first = await payerCode('chen-yu', wallet);
    expect(first.code).toMatch(/^\d{16,24}$/);
    expect((await payerCode('chen-yu', wallet)).code).toBe(first.code);
    expect((await payerCode('wang-min', wallet)).code).not.toBe(first.code);
    const before = balance(wallet, 'chen-yu');
    const charged = await rig.charge(wallet, 1_250n, first.code);
    expect(charged).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: 1_250n } });
    expect(balance(wallet, 'chen-yu')).toBe(before - 1_250n);
    const next = await payerCode('chen-yu', wallet);
    expect(next.code).not.toBe(first.code);
    await post('/api/clock', { advance: 'PT2M' });
    expect((await payerCode('chen-yu', wallet)).code).not.toBe(next.code);
  });

  test('the code’s screen draws bars and a square of the number, and looks again', async () => {
    const page = await call(rig.phone, `/code?person=lin-xia&wallet=${wallet}`);
    const { code } = await payerCode('lin-xia', wallet);
    expect(page.text.replaceAll(/<\/?span>/g, '')).toContain(code);
    expect(page.text).toMatch(/<svg class="barcode"[\s\S]*<svg class="qr"/);
  });

  test('a dear charge waits for the password: wrong, then right, on page and API', async () => {
    const { code } = await payerCode('lin-xia', wallet);
    expect((await rig.charge(wallet, 150_000n, code)).kind).toBe('needs_payer');
    const waiting = await listAt('/api/people/lin-xia/prompts');
    const prompt = waiting.find((entry) => entry.wallet === wallet);
    expect(prompt?.amount).toBe(150_000);
    const home = await call(rig.phone, `/?person=lin-xia&wallet=${wallet}`);
    expect(home.text).toContain('¥1,500.00');
    // The code's screen gives way to the question, as on a real phone.
    const code_screen = await call(rig.phone, `/code?person=lin-xia&wallet=${wallet}`);
    expect(code_screen.location).toContain('/prompt?');
    expect((await call(rig.phone, code_screen.location)).text).toContain('waits for your password');
    const wrong = await post('/api/prompts', {
      wallet,
      prompt: prompt?.id,
      outcome: 'wrong_password',
    });
    expect([wrong.status, errorCode(wrong)]).toEqual([409, 'wrong_password']);
    const before = balance(wallet, 'lin-xia');
    const form = { person: 'lin-xia', wallet, id: prompt?.id ?? '', outcome: 'pay' };
    const again = await call(rig.phone, '/prompt', { form: { ...form, password: '000000' } });
    expect(again.location).toContain('error=wrong_password');
    const paid = await call(rig.phone, '/prompt', { form: { ...form, password: '123456' } });
    expect(paid.text).toContain('Payment successful');
    expect(balance(wallet, 'lin-xia')).toBe(before - 150_000n);
    expect(await listAt('/api/people/lin-xia/prompts')).toEqual([]);
    const late = await post('/api/prompts', { wallet, prompt: prompt?.id, outcome: 'pay' });
    expect([late.status, errorCode(late)]).toEqual([409, 'prompt_over']);
  });

  test('a prompt that is cancelled takes nothing', async () => {
    const { code } = await payerCode('wang-min', wallet);
    await rig.charge(wallet, 150_000n, code);
    const before = balance(wallet, 'wang-min');
    const [prompt] = await listAt('/api/people/wang-min/prompts');
    const answer = await post('/api/prompts', { wallet, prompt: prompt?.id, outcome: 'cancel' });
    expect(answer.json()).toEqual({ state: 'cancelled' });
    expect(balance(wallet, 'wang-min')).toBe(before);
  });
});

describe.each(SANDBOX_WALLETS)('with %s', (wallet) => {
  test('a code that a shop shows can be tapped instead of scanned', async () => {
    const code = await rig.code(wallet, 7_700n);
    const shown = (await listAt('/api/codes')).find((entry) => entry.code === code);
    expect(shown).toMatchObject({ wallet, amount: 7_700, description: 'Tea, 250 g' });
    expect((await call(rig.phone, '/?person=chen-yu')).text).toContain('¥77.00');
    const form = { person: 'chen-yu', wallet, code };
    const sheet = await call(rig.phone, '/scan', { form });
    const scan = new URLSearchParams(sheet.location.split('?')[1]).get('scan') ?? '';
    await post('/api/confirm', { scan, outcome: 'pay' });
    expect((await listAt('/api/codes')).map((entry) => entry.code)).not.toContain(code);
  });

  test('who is short of money may put some in without leaving the payment', async () => {
    const code = await rig.code(wallet, 9_900n);
    const sheet = await call(rig.phone, '/scan', { form: { person: 'zhou-ping', wallet, code } });
    const id = new URLSearchParams(sheet.location.split('?')[1]).get('scan') ?? '';
    const form = { person: 'zhou-ping', wallet, id, outcome: 'pay', password: '123456' };
    const poor = await call(rig.phone, '/confirm', { form });
    expect(poor.location).toContain('error=insufficient_balance');
    const page = await call(rig.phone, poor.location);
    expect(page.text).toContain('Put ¥99.00 into this wallet');
    const filled = await call(rig.phone, '/balance', {
      form: { person: 'zhou-ping', wallet, id, asks: 'scan', amount: '9900' },
    });
    expect(filled.location).toBe(`/pay?scan=${id}`);
    await call(rig.phone, '/confirm', { form });
    expect((await call(rig.phone, `/pay?scan=${id}`)).text).toContain('Payment successful');
  });
});

describe('transfers', () => {
  test('wait on the phone until they are accepted', async () => {
    await rig.payOut('wechat_pay', 'lin-xia', 5_200n);
    const [transfer] = await listAt('/api/people/lin-xia/transfers');
    expect(transfer).toMatchObject({ wallet: 'wechat_pay', amount: 5_200, currency: 'CNY' });
    expect(await listAt('/api/people/chen-yu/transfers')).toEqual([]);
    const id = transfer?.id ?? '';
    const query = new URLSearchParams({ person: 'lin-xia', wallet: 'wechat_pay', id }).toString();
    expect((await call(rig.phone, `/receive?${query}`)).text).toContain('¥52.00');
    const before = balance('wechat_pay', 'lin-xia');
    const form = { person: 'lin-xia', wallet: 'wechat_pay', id, outcome: 'accept' };
    await call(rig.phone, '/receive', { form });
    await expect.poll(() => balance('wechat_pay', 'lin-xia')).toBe(before + 5_200n);
    const again = await post('/api/transfers', {
      wallet: 'wechat_pay',
      transfer: id,
      outcome: 'accept',
    });
    expect([again.status, errorCode(again)]).toEqual([409, 'transfer_over']);
    const gone = await call(rig.phone, `/receive?${query}`);
    expect(gone.location).toContain('error=transfer_over');
  });
});

describe('standing consents', () => {
  const path = '/api/people/lin-xia/consents';

  test('are given and withdrawn on the phone, by JSON and by its page', async () => {
    const wallet = 'wechat_pay';
    for (const way of ['api', 'page'] as const) {
      await rig.askConsent(wallet, 'lin-xia');
      const [asked] = await listAt('/api/people/lin-xia/transfers');
      expect(asked).toMatchObject({ wallet, consent: true });
      await post('/api/transfers', { wallet, transfer: asked?.id, outcome: 'accept' });
      const [given] = await listAt(path);
      expect(given).toMatchObject({ wallet, id: asked?.id });
      const page = await call(rig.phone, '/?person=lin-xia');
      expect(page.text).toContain('Withdraw your consent to');
      if (way === 'api') await post(path, { wallet, consent: given?.id });
      else {
        const form = { person: 'lin-xia', wallet, id: given?.id ?? '' };
        expect((await call(rig.phone, '/consent', { form })).status).toBe(303);
      }
      expect(await listAt(path)).toEqual([]);
      const again = await post(path, { wallet, consent: given?.id });
      expect([again.status, errorCode(again)]).toEqual([409, 'transfer_over']);
    }
  });
});

describe('what is not there', () => {
  test('a wallet without payer codes says so, on page and API', async () => {
    const page = await call(rig.phone, '/code?person=lin-xia&wallet=douyin_pay');
    expect(page.text).toContain('Douyin Pay shows no payer code in this sandbox.');
    const path = '/api/people/lin-xia/payer-code?wallet=douyin_pay';
    expect((await call(rig.phone, path)).status).toBe(409);
  });

  test.each([
    ['GET', '/api/people/nobody/prompts', undefined, 404],
    ['GET', '/api/people/lin-xia/payer-code', undefined, 400],
    ['GET', '/api/people/lin-xia/payer-code?wallet=gold', undefined, 400],
    ['POST', '/api/prompts', { wallet: 'alipay', prompt: 'x', outcome: 'pay' }, 409],
    ['POST', '/api/prompts', { wallet: 'alipay', prompt: 'x', outcome: 'steal' }, 400],
    ['POST', '/api/transfers', { wallet: 'alipay', transfer: 'x', outcome: 'accept' }, 409],
    ['POST', '/api/transfers', { wallet: 'alipay', transfer: 'x', outcome: 'pay' }, 400],
    ['POST', '/api/people/lin-xia/consents', { wallet: 'alipay', consent: 'x' }, 409],
    ['POST', '/api/people/nobody/consents', { wallet: 'alipay', consent: 'x' }, 404],
  ])('%s %s %j is %i', async (method, path, json, status) => {
    const answer = await call(rig.phone, path, method === 'POST' ? { json } : {});
    expect(answer.status).toBe(status);
  });
});
