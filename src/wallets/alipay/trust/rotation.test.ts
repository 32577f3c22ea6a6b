import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { certificateSn, parseCertificates } from '../../../protocols/alipay/certificates.ts';
import { signNotification } from '../../../protocols/alipay/notification.ts';
import { decodeForms, encodeForm } from '../../../protocols/alipay/parameters.ts';
import { buildResponse, gatewayJson, responseRoot } from '../../../protocols/alipay/response.ts';
import { type Authority, openAuthority } from '../../../sandbox/alipay/open/authority.ts';
import type { WalletAccount } from '../../wallet.ts';
import { type Bench, openBench } from '../testing.ts';
import { alipayWallet } from '../wallet.ts';

/** Alipay changes its certificate one day; somebody between us and it would like to do so too. */
let bench: Bench;
const DOWNLOAD = 'alipay.open.app.alipaycert.download';

beforeAll(async () => {
  bench = await openBench();
});

beforeEach(() => bench.renew());

afterAll(() => bench.stop());

async function rotate(account: WalletAccount): Promise<void> {
  const action = bench.world.sandbox.actions.find(({ name }) => name === 'certificates/rotate');
  await action?.run({ app_id: account.settings['app_id'] });
}

/** The account as it was configured before anything rotated; each with a memory of its own. */
let configured: WalletAccount | undefined;
function fresh(settings: Record<string, unknown> = {}): WalletAccount {
  configured ??= bench.accountOf('certificate');
  return { ...configured, settings: { ...configured.settings, ...settings } };
}

function downloads(): number {
  return bench.world.requests.list({ limit: 500 }).filter(({ operation }) => operation === DOWNLOAD)
    .length;
}

async function payOne(account: WalletAccount): Promise<Buffer> {
  const outcome = await bench.wallet.createPayment(account, bench.order());
  if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr') {
    throw new Error(JSON.stringify(outcome));
  }
  await bench.payWith(outcome.presentation.qr);
  const [heard] = await bench.merchant.hears(1);
  return heard?.body ?? Buffer.alloc(0);
}

function verify(account: WalletAccount, body: Buffer | string) {
  const raw = { headers: {}, body: Buffer.from(body), received_at: new Date() };
  return bench.wallet.verifyNotification(account, raw);
}

describe('a new certificate of Alipay', () => {
  test.each(['gateway', 'v3'])(
    'is fetched once, in the middle of a call by %s',
    async (protocol) => {
      const account = fresh({ protocol });
      await rotate(account);
      const before = downloads();
      await payOne(account);
      const many = await Promise.all(
        Array.from({ length: 5 }, () => bench.wallet.queryPayment(account, bench.reference)),
      );
      expect(many.every(({ kind }) => kind === 'fact')).toBe(true);
      expect(downloads() - before).toBe(1);
    },
  );

  test('is found when a notification is the first to use it, and old ones stay good', async () => {
    const account = fresh();
    const old = await payOne(account);
    await bench.renew();
    const seller = bench.accountOf('certificate');
    await rotate(account);
    const outcome = await bench.wallet.createPayment(seller, bench.order());
    expect(outcome.kind).toBe('presented');
    if (outcome.kind !== 'presented' || outcome.presentation.kind !== 'qr') return;
    await bench.payWith(outcome.presentation.qr);
    const [heard] = await bench.merchant.hears(1);
    expect((await verify(account, heard?.body ?? '')).kind).toBe('verified');
    expect((await verify(account, old)).kind).toBe('verified');
  });

  test('rotated by the fault dial in the middle of a call does not lose the answer', async () => {
    const account = fresh();
    bench.world.faults.set([{ fault: 'key_rotated', probability: 1, remaining: 1 }]);
    // A new certificate takes a moment to make.
    const patient = alipayWallet({ real: () => new Date(), timeout_ms: 5_000 });
    const answer = await patient.queryPayment(account, bench.reference);
    bench.world.faults.set([]);
    expect(answer.kind).toBe('not_found');
    patient.stop();
  });
});

/** Signs anything with its own key, and hands out its own certificate. */
interface Impostor {
  readonly gateway: string;
  downloads: number;
  stop(): void;
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString('utf8');
  return text;
}

async function impostor(certificate: string, key: KeyObject): Promise<Impostor> {
  const [leaf] = parseCertificates(certificate);
  const alipay_cert_sn = leaf ? certificateSn(leaf) : '';
  const content = Buffer.from(certificate).toString('base64');
  const server: Server = createServer((request, response) => {
    void readAll(request).then(async (body) => {
      const { parameters } = decodeForms(body);
      const method = parameters.get('method') ?? '';
      if (method === DOWNLOAD) made.downloads += 1;
      const fields =
        method === DOWNLOAD
          ? { code: '10000', msg: 'Success', alipay_cert_content: content }
          : { code: '40004', msg: 'Business Failed', sub_code: 'ACQ.TRADE_NOT_EXIST' };
      const text = gatewayJson(fields);
      response.end(await buildResponse(key, responseRoot(method), text, { alipay_cert_sn }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const made: Impostor = {
    gateway: `http://127.0.0.1:${port}/gateway.do`,
    downloads: 0,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return made;
}

describe('a certificate that is not Alipay’s', () => {
  let own: Authority;
  let other: Authority;

  beforeAll(async () => {
    const real = bench.world.clock.real();
    own = await openAuthority(bench.world.keys_dir, real);
    const dir = await mkdtemp(join(tmpdir(), 'hutong-other-'));
    other = await openAuthority(dir, real);
    await rm(dir, { recursive: true, force: true });
  });

  const NAME = '支付宝(中国)网络技术有限公司-2088100000000011';

  async function isBelieved(made: { certificate: string; private_key: string }): Promise<boolean> {
    const between = await impostor(made.certificate, createPrivateKey(made.private_key));
    const account = fresh({ gateway: between.gateway });
    const answer = await bench.wallet.queryPayment(account, bench.reference);
    between.stop();
    expect(between.downloads).toBe(1);
    return answer.kind !== 'unknown';
  }

  test('counts only when it leads to the roots, in Alipay’s name, and is in force', async () => {
    const at = bench.world.clock.real();
    const withChain = (from: Authority, issued: { certificate: string; private_key: string }) => ({
      ...issued,
      certificate: `${issued.certificate}\n${from.certificate}`,
    });
    const genuine = withChain(own, await own.issue({ common_name: NAME, at }));
    expect(await isBelieved(genuine)).toBe(true);
    const foreign = withChain(other, await other.issue({ common_name: NAME, at }));
    expect(await isBelieved(foreign)).toBe(false);
    const merchants = withChain(own, await own.issue({ common_name: '2088-9021', at }));
    expect(await isBelieved(merchants)).toBe(false);
    const over = new Date(at.getTime() - 3 * 86_400_000);
    const past = { common_name: NAME, at: over, life_ms: 1000 };
    expect(await isBelieved(withChain(own, await own.issue(past)))).toBe(false);
  });

  test('numbers that come by notification make one download a minute, no more', async () => {
    const account = fresh();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const before = downloads();
    for (let i = 0; i < 20; i += 1) {
      const alipay_cert_sn = i.toString(16).padStart(32, '0');
      const app_id = String(account.settings['app_id']);
      const forged = await signNotification(privateKey, { app_id }, { alipay_cert_sn });
      expect(await verify(account, encodeForm(forged))).toMatchObject({ reason: 'signature' });
    }
    expect(downloads() - before).toBe(1);
    await rotate(account);
    expect((await bench.wallet.queryPayment(account, bench.reference)).kind).toBe('not_found');
  });
});

describe('kept answers', () => {
  test('of v3 are of no use in another hour', async () => {
    const account = bench.accountOf('key', { settings: { protocol: 'v3' } });
    await payOne(account);
    const late = alipayWallet({
      real: () => new Date(Date.now() + 3_600_000),
      timeout_ms: 500,
    });
    const answer = await late.queryPayment(account, bench.reference);
    expect(answer).toMatchObject({ kind: 'unknown' });
    expect(answer.kind === 'unknown' && answer.cause).toContain('another hour');
    late.stop();
  });
});
