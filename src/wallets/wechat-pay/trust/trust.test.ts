import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../../sandbox/faults.ts';
import { act } from '../../../sandbox/wechat-pay/merchants/testing.ts';
import { merchantOf } from '../../../sandbox/wechat-pay/testing.ts';
import { openTrustBench, type TrustBench } from './testing.ts';

/** The connector in all trust modes: what it believes, and what it refuses. */
let on: TrustBench;

beforeAll(async () => {
  on = await openTrustBench();
});
afterEach(async () => {
  on.running.faults.set([]);
  on.time.ahead_ms = 0;
  on.running.clock.real_offset_ms = 0;
  await on.trust('direct', 'pubkey');
  await on.trust('certificate', 'cert');
});
afterAll(() => on.stop());

/** How often the certificates were downloaded so far. */
const downloads = () =>
  on.requests().filter(({ operation }) => operation === 'certificates').length;

interface Mode {
  readonly name: string;
  readonly role: string;
  readonly mode: 'cert' | 'both' | 'pubkey';
  readonly percent?: number;
}

const MODES: readonly Mode[] = [
  { name: 'certificate', role: 'certificate', mode: 'cert' },
  { name: 'public key', role: 'direct', mode: 'pubkey' },
  { name: 'both, notices by certificate', role: 'direct', mode: 'both', percent: 0 },
  { name: 'both, notices by public key', role: 'direct', mode: 'both', percent: 100 },
];

describe.each(MODES)('with trust in $name', ({ role, mode, percent }) => {
  const ready = async () => {
    await on.trust(role, mode, percent);
    return on.account(role);
  };

  test('a payment is made, told of, queried and closed', async () => {
    const account = await ready();
    const request = on.order();
    const notice = await on.noticeOf(account, request);
    const verified = await on.wallet.verifyNotification(account, notice);
    expect(verified).toMatchObject({
      kind: 'verified',
      content: { fact: { state: 'paid', wallet_reference: request.wallet_reference } },
    });
    const known = await on.wallet.queryPayment(account, request.wallet_reference);
    expect(known).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: 1234n } });
    const closing = on.order();
    await on.presented(account, closing);
    expect((await on.wallet.closePayment(account, closing.wallet_reference)).kind).toBe('closed');
  });

  test('a tampered, a replayed, a stale and an unsigned notice are refused', async () => {
    const account = await ready();
    const notice = await on.noticeOf(account);
    const verify = (change: Partial<typeof notice>) =>
      on.wallet.verifyNotification(account, { ...notice, ...change });
    const body = Buffer.from(notice.body);
    body[40] = (body[40] ?? 0) ^ 1;
    expect(await verify({ body })).toMatchObject({ kind: 'refused', reason: 'signature' });
    const later = new Date(notice.received_at.getTime() + 301_000);
    expect(await verify({ received_at: later })).toMatchObject({ reason: 'stale' });
    const timestamp = `${Number(notice.headers['wechatpay-timestamp']) + 1}`;
    const moved = { ...notice.headers, 'wechatpay-timestamp': timestamp };
    expect(await verify({ headers: moved })).toMatchObject({ reason: 'signature' });
    expect(await verify({ headers: {} })).toMatchObject({ reason: 'signature' });
    expect((await verify({})).kind).toBe('verified');
  });

  test('a notice to another merchant is refused', async () => {
    const account = await ready();
    const other = await on.noticeOf(on.account('direct', { id: 'wac_other' }));
    const stranger = on.account('certificate', { id: 'wac_stranger' });
    const reader = role === 'direct' ? stranger : account;
    const verdict = await on.wallet.verifyNotification(reader, other);
    expect(verdict).toMatchObject({ kind: 'refused' });
  });

  test.each<Fault>(['answer_probed', 'answer_unsigned', 'answer_cut'])(
    'after %s the outcome is unknown, never believed, and a query tells',
    async (fault) => {
      const account = await ready();
      const request = on.order();
      on.running.faults.set([{ fault, probability: 1, remaining: 1, operation: 'pay.native' }]);
      expect((await on.wallet.createPayment(account, request)).kind).toBe('unknown');
      const known = await on.wallet.queryPayment(account, request.wallet_reference);
      expect(known).toMatchObject({ kind: 'fact', fact: { state: 'waiting' } });
    },
  );

  test('a probe is refused without more ado, and the genuine notice after it is taken', async () => {
    const account = await ready();
    const before = on.shop.received.length;
    on.running.faults.set([{ fault: 'notification_probed', probability: 1, remaining: 1 }]);
    const probe = await on.noticeOf(account);
    const seen = downloads();
    const refused = await on.wallet.verifyNotification(account, probe);
    expect(refused).toMatchObject({ kind: 'refused', reason: 'signature' });
    expect(downloads() - seen).toBeLessThanOrEqual(1);
    const { headers, body } = await on.shop.notice(before + 2);
    const flat = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    const genuine = { headers: Object.fromEntries(flat), body, received_at: new Date() };
    expect((await on.wallet.verifyNotification(account, genuine)).kind).toBe('verified');
  });
});

describe('certificates', () => {
  const fresh = (id: string) => on.account('certificate', { id });

  test('are downloaded once for many calls at the same time', async () => {
    const seen = downloads();
    const account = fresh('wac_many');
    await Promise.all(Array.from({ length: 12 }, () => on.presented(account)));
    expect(downloads() - seen).toBe(1);
  });

  test('stay when settings change, and are each account’s own', async () => {
    await on.presented(fresh('wac_kept'));
    const seen = downloads();
    await on.presented(fresh('wac_kept'));
    expect(downloads()).toBe(seen);
    await on.presented(fresh('wac_apart'));
    expect(downloads()).toBe(seen + 1);
  });

  test('are downloaded again for one that was not there, also from a notice', async () => {
    const account = fresh('wac_rotated');
    const code = await on.presented(account);
    await act(on.running, 'certificates/rotate');
    const before = on.shop.received.length;
    const scan = await on.running.sandbox.scan('lin', code);
    await on.running.sandbox.confirm(scan.id, 'pay');
    const { headers, body } = await on.shop.notice(before + 1);
    const flat = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    const notice = { headers: Object.fromEntries(flat), body, received_at: new Date() };
    expect((await on.wallet.verifyNotification(account, notice)).kind).toBe('verified');
  });

  test('are renewed in the background after half a day', async () => {
    const account = fresh('wac_aged');
    await on.presented(account);
    const seen = downloads();
    on.time.ahead_ms = 12 * 3_600_000 + 1;
    on.running.clock.real_offset_ms = on.time.ahead_ms;
    await on.presented(account);
    await expect.poll(downloads).toBe(seen + 1);
    await on.presented(account);
    expect(downloads()).toBe(seen + 1);
  });

  test('of unknown serials in strangers’ notices cause one download a minute', async () => {
    const account = fresh('wac_stormed');
    const notice = await on.noticeOf(account);
    const seen = downloads();
    for (let i = 0; i < 40; i += 1) {
      const serial = i.toString(16).toUpperCase().padStart(40, 'F');
      const headers = { ...notice.headers, 'wechatpay-serial': serial };
      const verdict = await on.wallet.verifyNotification(account, { ...notice, headers });
      expect(verdict).toMatchObject({ kind: 'refused', reason: 'unknown_key' });
    }
    expect(downloads() - seen).toBe(1);
    expect((await on.wallet.verifyNotification(account, notice)).kind).toBe('verified');
  });

  test('encrypted under another APIv3 key are not taken: nothing is believed', async () => {
    const credentials = { api_v3_key: 'x'.repeat(32) };
    const account = on.account('certificate', { id: 'wac_badkey', credentials });
    const outcome = await on.wallet.createPayment(account, on.order());
    expect(outcome).toMatchObject({ kind: 'unknown' });
  });

  test('are not asked for where the public key is trusted', async () => {
    const seen = downloads();
    const account = on.account('direct');
    await on.trust('direct', 'cert');
    const outcome = await on.wallet.createPayment(account, on.order());
    expect(outcome).toMatchObject({
      kind: 'unknown',
      cause: expect.stringContaining('unknown_key'),
    });
    expect(downloads()).toBe(seen);
  });
});

describe('new keys', () => {
  test('in the credentials are used without a restart', async () => {
    const { mchid } = merchantOf(on.running, 'partner');
    const body = async () => {
      const checks = await on.wallet.checkCredentials(on.account('partner'));
      return checks.filter(({ ok }) => !ok);
    };
    expect(await body()).toEqual([]);
    const old = on.account('partner');
    await act(on.running, 'certificates', { mchid, revoke: true });
    const refused = await on.wallet.checkCredentials(old);
    expect(refused.find(({ ok }) => !ok)?.message).toContain('revoked');
    expect(await body()).toEqual([]);
  });
});

describe('both spellings of a code', () => {
  test.each(['older', 'newer'])('mean the same: %s', async (spelling) => {
    const { mchid } = merchantOf(on.running);
    await act(on.running, 'spelling', { mchid, spelling });
    const account = on.account('direct');
    const asked = await on.wallet.queryPayment(account, 'NOSUCHORDER');
    expect(asked.kind).toBe('not_found');
    expect(asked.trace.wallet_request_id).toMatch(/-268512771$/);
    expect(asked.trace.wallet_code).toBe(
      spelling === 'older' ? 'ORDERNOTEXIST' : 'ORDER_NOT_EXIST',
    );
    await act(on.running, 'spelling', { mchid, spelling: 'documented' });
  });
});

describe('a second host', () => {
  let broken: Server;
  let calls: string[] = [];

  beforeAll(async () => {
    broken = createServer((request, response) => {
      calls.push(`${request.method} ${request.url?.split('?')[0]}`);
      response.writeHead(503).end();
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => broken.close(resolve)));

  const split = (endpoint: string) =>
    on.account('direct', {
      id: 'wac_two',
      settings: { endpoint, fallback_endpoint: on.running.sandbox.url },
    });
  const away = () => `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;

  test('answers queries when the first one is down or says 503', async () => {
    const request = on.order();
    await on.presented(on.account('direct'), request);
    for (const endpoint of ['http://127.0.0.1:9', away()]) {
      const known = await on.wallet.queryPayment(split(endpoint), request.wallet_reference);
      expect(known).toMatchObject({ kind: 'fact', fact: { state: 'waiting' } });
      expect(known.trace.request.endpoint).toBe(on.running.sandbox.url);
    }
  });

  test('is never sent a refund: its outcome stays unknown', async () => {
    const request = on.order();
    await on.noticeOf(on.account('direct'), request);
    calls = [];
    const refund = {
      wallet_reference: request.wallet_reference,
      refund_reference: `R${request.wallet_reference}`,
      amount: 1n,
      payment_amount: 1234n,
      currency: 'CNY' as const,
      reason: '',
      notify_url: on.shop.notify_url,
    };
    expect((await on.wallet.refund(split(away()), refund)).kind).toBe('unknown');
    expect(calls).toEqual(['POST /v3/refund/domestic/refunds']);
    const known = await on.wallet.queryRefund(on.account('direct'), refund);
    expect(known.kind).toBe('not_found');
  });
});

test('a host that fails again and again is left alone, and said so', async () => {
  const account = on.account('direct', {
    id: 'wac_down',
    settings: { endpoint: 'http://127.0.0.1:9' },
  });
  const messages: string[] = [];
  for (let i = 0; i < 22; i += 1) {
    const outcome = await on.wallet.createPayment(account, on.order());
    messages.push(outcome.kind === 'refused' ? outcome.message : outcome.kind);
  }
  expect(messages[0]).toContain('cannot be reached');
  expect(messages[21]).toContain('left alone until');
  expect((await on.presented(on.account('direct'))).startsWith('weixin://')).toBe(true);
});
