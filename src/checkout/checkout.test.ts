import { beforeAll, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { type AGENTS, type Answer, csrfOf, Visitor } from '../../test/support/page-visitor.ts';
import { findAttempts } from '../attempts/find.ts';
import { checkoutUrl } from '../payments/checkout-token.ts';
import type { Payment } from '../payments/payment.ts';
import { checkoutRoutes } from './routes.ts';

let rig: MoneyRig;

beforeAll(async () => {
  rig = await startMoneyRig();
});

function pathOf(payment: Payment): string {
  return new URL(checkoutUrl(rig.app, payment)).pathname;
}

function visit(agent: keyof typeof AGENTS = 'desktop', language = 'en'): Visitor {
  return new Visitor(
    checkoutRoutes(rig.app, { phone_url: 'http://127.0.0.1:8090' }),
    agent,
    language,
  );
}

async function choose(visitor: Visitor, path: string, wallet: string): Promise<Answer> {
  const page = await visitor.get(path);
  return visitor.post(`${path}/wallet`, { csrf: csrfOf(page), wallet });
}

async function attemptsOf(payment: Payment) {
  return findAttempts(rig.app, await rig.reload(payment));
}

async function stampOf(visitor: Visitor, path: string): Promise<string> {
  return (JSON.parse((await visitor.get(`${path}/state`)).body) as { stamp: string }).stamp;
}

describe('a shopper at a desktop', () => {
  test('chooses a wallet, scans, pays and sees which wallet paid', async () => {
    const payment = await rig.create();
    const path = pathOf(payment);
    const shopper = visit();
    const first = await shopper.get(path);
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.headers.get('referrer-policy')).toBe('no-referrer');
    expect(first.body).toContain('¥12.34');

    const chosen = await choose(shopper, path, 'wechat_pay');
    expect([chosen.status, chosen.location]).toEqual([303, path]);
    const scanning = await shopper.get(path);
    expect(scanning.body).toContain('<svg class="qr"');
    const [attempt] = await attemptsOf(payment);
    expect(attempt?.presentation).toBe('qr');
    const before = await stampOf(shopper, path);
    expect(scanning.body).toContain(`data-stamp="${before}"`);

    const data = attempt?.presentation_data;
    await rig.payAt('wechat_pay', data?.kind === 'qr' ? data.qr : '');
    await rig.until(
      () => rig.reload(payment),
      ({ state }) => state === 'succeeded',
    );
    expect(await stampOf(shopper, path)).not.toBe(before);
    const paid = await shopper.get(path);
    expect(paid.body).toContain('Paid with WeChat Pay');
    expect(paid.body).not.toContain('Tea, 250 g');
  });

  test('finds the same code after a reload, and one attempt however often it is chosen', async () => {
    const payment = await rig.create();
    const path = pathOf(payment);
    const shopper = visit();
    await choose(shopper, path, 'alipay');
    const once = await shopper.get(path);
    await choose(shopper, path, 'alipay');
    const again = await shopper.get(path);
    const code = /<path d="(M\d+ \d+h[^"]*)"/;
    expect(code.exec(again.body)?.[1]).toBe(code.exec(once.body)?.[1]);
    expect(await attemptsOf(payment)).toHaveLength(1);
  });

  test('switches wallets, and the first can no longer be paid', async () => {
    const payment = await rig.create();
    const path = pathOf(payment);
    const shopper = visit();
    await choose(shopper, path, 'wechat_pay');
    const [first] = await attemptsOf(payment);
    const data = first?.presentation_data;
    await choose(shopper, path, 'alipay');
    const states = (await attemptsOf(payment)).map(({ wallet, state }) => [wallet, state]);
    expect(states).toEqual(
      expect.arrayContaining([
        ['wechat_pay', 'closed'],
        ['alipay', 'presented'],
      ]),
    );
    await expect(rig.payAt('wechat_pay', data?.kind === 'qr' ? data.qr : '')).rejects.toThrow(
      'order_closed',
    );
    expect((await shopper.get(path)).body).toContain('Scan with Alipay');
  });

  test('cancels, and no wallet can be chosen any more', async () => {
    const payment = await rig.create();
    const path = pathOf(payment);
    const shopper = visit();
    await choose(shopper, path, 'wechat_pay');
    const csrf = csrfOf(await shopper.get(path));
    const cancelled = await shopper.post(`${path}/cancel`, { csrf });
    expect(cancelled.location).toBe(path);
    expect((await shopper.get(path)).body).toContain('This payment was cancelled');
    const late = await shopper.post(`${path}/wallet`, { csrf, wallet: 'alipay' });
    expect(late.location).toBe(`${path}?notice=changed&wallet=alipay`);
    expect(await attemptsOf(payment)).toHaveLength(1);
  });
});

describe('a form', () => {
  test.each([
    ['of another session', async (path: string) => csrfOf(await visit().get(path)), {}],
    ['without its token', () => Promise.resolve(''), {}],
    ['of another site', undefined, { origin: 'https://evil.example' }],
    ['that the browser calls cross-site', undefined, { 'sec-fetch-site': 'cross-site' }],
  ])('%s chooses nothing', async (_name, token, headers) => {
    const payment = await rig.create();
    const path = pathOf(payment);
    const shopper = visit();
    const own = csrfOf(await shopper.get(path));
    const csrf = token ? await token(path) : own;
    const answer = await shopper.post(`${path}/wallet`, { csrf, wallet: 'alipay' }, headers);
    expect(answer.location).toBe(`${path}?notice=stale_form`);
    expect(await attemptsOf(payment)).toEqual([]);
  });

  test('for one payment is no form for another', async () => {
    const [mine, other] = [await rig.create(), await rig.create()];
    const shopper = visit();
    const csrf = csrfOf(await shopper.get(pathOf(mine)));
    await shopper.post(`${pathOf(other)}/wallet`, { csrf, wallet: 'alipay' });
    expect(await attemptsOf(other)).toEqual([]);
  });

  test('larger than a form can be is not read', async () => {
    const path = pathOf(await rig.create());
    const answer = await visit().post(`${path}/wallet`, { csrf: 'x'.repeat(5_000) });
    expect(answer.status).toBe(413);
  });

  test('that names no wallet of ours is told so', async () => {
    const path = pathOf(await rig.create());
    expect((await choose(visit(), path, 'gold')).location).toBe(`${path}?notice=not_eligible`);
  });
});

describe('a shopper on a phone', () => {
  test('is handed to the wallet, and comes back to the page the browser came from', async () => {
    const payment = await rig.create();
    const path = pathOf(payment);
    const shopper = visit('phone');
    await choose(shopper, path, 'wechat_pay');
    const [attempt] = await attemptsOf(payment);
    expect(attempt?.presentation).toBe('h5');
    expect((await shopper.get(path)).body).toContain('referrerpolicy="origin"');
    const back = await shopper.get(`/c/return/${payment.id}`);
    expect(back.location).toBe(path);
    const stranger = await visit('phone').get(`/c/return/${payment.id}`);
    expect([stranger.status, stranger.location]).toEqual([200, '']);
    expect(stranger.body).not.toContain('¥12.34');
    const forged = await checkoutRoutes(rig.app).request(`/c/return/${payment.id}`, {
      headers: { cookie: 'hutong_return=%0d%0aset-cookie:x=y' },
    });
    expect([forged.status, forged.headers.get('location')]).toEqual([200, null]);
  });
});

describe('a shopper inside a wallet', () => {
  test.each([
    ['wechat', 'wechat_pay', 'code'],
    ['alipay', 'alipay', 'auth_code'],
  ] as const)('%s logs in, pays there and nowhere else', async (agent, wallet, parameter) => {
    const payment = await rig.create();
    const path = pathOf(payment);
    const shopper = visit(agent);
    const page = await shopper.get(path);
    expect(page.body).toContain(`href="${path}/login/${wallet}"`);
    const login = await shopper.get(`${path}/login/${wallet}`);
    expect(login.status).toBe(302);
    const state = new URL(login.location).searchParams.get('state') ?? '';
    expect(state).toMatch(/^[0-9a-zA-Z]{1,128}$/);

    const stolen = await visit(agent).get(`${path}/login/${wallet}?${parameter}=x&state=${state}`);
    expect(stolen.location).toBe(`${path}?notice=login_failed&wallet=${wallet}`);
    const refused = await shopper.get(`${path}/login/${wallet}?state=${state}`);
    expect(refused.location).toBe(`${path}?notice=login_failed&wallet=${wallet}`);
    const wrong = await shopper.get(`${path}/login/${wallet}?${parameter}=made-up&state=${state}`);
    expect(wrong.location).toBe(`${path}?notice=login_failed&wallet=${wallet}`);
    expect(await attemptsOf(payment)).toEqual([]);

    const code = await logIn(login.location, parameter);
    const done = await shopper.get(`${path}/login/${wallet}?${parameter}=${code}&state=${state}`);
    expect(done.location).toBe(path);
    const paying = await shopper.get(path);
    const bridge = rig.sandboxes[wallet].url;
    expect(paying.body).toContain(`src="${bridge}/bridge.js"`);
    expect(paying.headers.get('content-security-policy')).toContain(`script-src 'self' ${bridge}`);
    expect((await visit().get(path)).body).toContain('Choose your wallet');
  });

  test('sees only the wallet that works there, and how to use the other', async () => {
    const page = await visit('wechat').get(pathOf(await rig.create()));
    expect(page.body).toContain('Pay with WeChat Pay');
    expect(page.body).not.toContain('>Pay with Alipay<');
    expect(page.body).toContain('To pay with Alipay, open this page');
  });
});

/** Goes through the wallet's own login page as Lin Xia; answers the one-time code. */
async function logIn(url: string, parameter: string): Promise<string> {
  const asked = new URL(url);
  asked.searchParams.set('person', 'lin-xia');
  const answer = await fetch(asked, {
    redirect: 'manual',
    headers: { cookie: 'hutong_person=lin-xia' },
  });
  const back = new URL(answer.headers.get('location') ?? 'http://nowhere');
  return back.searchParams.get(parameter) ?? '';
}

describe('a checkout link', () => {
  test.each(['/c/nothing', '/c/00AAAAAAAAAAAAAAAAAAAAAA', '/c/%00', '/c/00../login/alipay'])(
    '%s that leads nowhere says so, and nothing else',
    async (path) => {
      const page = await visit('desktop', 'zh-CN').get(path);
      expect(page.status).toBe(404);
      expect(page.body).toContain('付款链接无效');
    },
  );

  test('shows the end of a payment that expired', async () => {
    const payment = await rig.create({ expires_in_ms: 3_600_000 });
    const path = pathOf(payment);
    const shopper = visit();
    await choose(shopper, path, 'wechat_pay');
    await rig.clock.advance(3_700_000);
    await rig.until(
      () => rig.reload(payment),
      ({ state }) => state === 'closed',
    );
    expect((await shopper.get(path)).body).toContain('This payment has expired');
  });
});

test('a wallet that fails leaves the shopper with a sentence and another choice', async () => {
  const payment = await rig.create();
  const path = pathOf(payment);
  const shopper = visit();
  rig.faults.wechat_pay.set([{ fault: 'error_before_effect', probability: 1 }]);
  try {
    const chosen = await choose(shopper, path, 'wechat_pay');
    const page = await shopper.get(chosen.location);
    expect(page.body).toMatch(/Waiting for WeChat Pay|cannot be reached|did not accept/);
    await choose(shopper, path, 'alipay');
    expect((await shopper.get(path)).body).toContain('Scan with Alipay');
  } finally {
    rig.faults.wechat_pay.set([]);
  }
});
