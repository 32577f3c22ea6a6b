import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlipaySdk } from 'alipay-sdk';
import { afterAll, describe, expect, test } from 'vitest';
import { Wechatpay } from 'wechatpay-axios-plugin';
import { createLog } from '../../src/log.ts';
import { SANDBOX_WALLETS, type SandboxWallet } from '../../src/sandbox/sandbox.ts';
import { memoryJournal, SandboxStore } from '../../src/sandbox/store.ts';
import { type Alone, type AloneOptions, startAlone } from '../../src/world/alone.ts';
import { openOwnClock } from '../../src/world/own-clock.ts';
import { walletsFilePath, writeWalletsFile } from '../../src/world/wallets-file.ts';

/** The wallets without a hub, as `hutong sandbox` runs them. */
const data_dir = mkdtempSync(join(tmpdir(), 'hutong-alone-'));
const running: Alone[] = [];

afterAll(async () => {
  for (const alone of running) await alone.stop();
  rmSync(data_dir, { recursive: true, force: true });
});

async function start(more: Partial<AloneOptions> = {}): Promise<Alone> {
  const alone = await startAlone({
    wallets: SANDBOX_WALLETS,
    host: '127.0.0.1',
    port: 0,
    data_dir,
    memory: true,
    notify_pace: 0.001,
    rate_limits: false,
    log: createLog({ level: 'silent', name: 'test' }),
    ...more,
  });
  running.push(alone);
  return alone;
}

function fileOf({ phone, wallets, token }: Alone) {
  return writeWalletsFile(data_dir, { phone_url: phone.url, sandboxes: wallets.all, token });
}

describe('what is written for scripts', () => {
  test('is enough for both official SDKs to be paid, and nobody else may read it', async () => {
    const alone = await start();
    const file = fileOf(alone);
    const path = walletsFilePath(data_dir);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(JSON.stringify(file)));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Object.keys(file.wallets)).toEqual([...SANDBOX_WALLETS]);

    const wechat = file.wallets.wechat_pay?.accounts[0];
    const settings = (wechat?.settings ?? {}) as Record<string, string>;
    const sdk = new Wechatpay({
      mchid: settings['mchid'] ?? '',
      serial: settings['serial_no'] ?? '',
      privateKey: readFileSync(wechat?.files['private_key'] ?? ''),
      certs: {
        [settings['public_key_id'] ?? '']: readFileSync(wechat?.files['public_key'] ?? ''),
      },
      baseURL: file.wallets.wechat_pay?.url ?? '',
      proxy: false,
    });
    const made = await sdk.chain('v3/pay/transactions/native').post<Record<string, unknown>>({
      appid: settings['appid'],
      mchid: settings['mchid'],
      description: 'tea',
      out_trade_no: 'ALONE0001',
      notify_url: 'http://127.0.0.1:9/notify',
      amount: { total: 100 },
    });
    expect(made.data['code_url']).toMatch(/^weixin:/);

    const alipay = file.wallets.alipay?.accounts[0];
    const alipaySdk = new AlipaySdk({
      appId: String(alipay?.settings['app_id']),
      gateway: String(alipay?.settings['gateway']),
      privateKey: readFileSync(alipay?.files['private_key'] ?? '', 'utf8').trim(),
      alipayPublicKey: readFileSync(alipay?.files['alipay_public_key'] ?? '', 'utf8').trim(),
    });
    const bizContent = { out_trade_no: 'ALONE0001', total_amount: '1.00', subject: 'tea' };
    const order = await alipaySdk.exec('alipay.trade.precreate', { bizContent });
    expect(String(order['qrCode'])).toContain('http');

    const codes = await fetch(`${alone.phone.url}/api/codes`);
    const { data } = (await codes.json()) as { data: { wallet: string }[] };
    expect(data.map(({ wallet }) => wallet).sort()).toEqual(['alipay', 'wechat_pay']);
    for (const { files } of Object.values(file.wallets).flatMap(({ accounts }) => accounts)) {
      for (const key of Object.values(files)) expect(statSync(key).mode & 0o777).toBe(0o600);
    }
  });

  test('says where the received calls are, and they open', async () => {
    const alone = await start({ wallets: ['alipay'] });
    const { received = '' } = fileOf(alone).wallets.alipay ?? {};
    expect((await fetch(received)).status).toBe(200);
  });
});

describe('which wallets run', () => {
  test.each(SANDBOX_WALLETS)('%s alone, with its own dial on the phone', async (wallet) => {
    const only: SandboxWallet[] = [wallet];
    const alone = await start({ wallets: only });
    expect(alone.wallets.all.map((each) => each.wallet)).toEqual(only);
    const faults = (await (await fetch(`${alone.phone.url}/api/faults`)).json()) as object;
    expect(faults).toMatchObject({ data: { [wallet]: [] } });
    expect((await fetch(alone.phone.url)).status).toBe(200);
  });
});

test('without a hub business time is the wallets’ own, and is kept with their books', async () => {
  const store = await SandboxStore.open(memoryJournal);
  const clock = openOwnClock(store);
  await clock.advance(86_400_000);
  expect(openOwnClock(store).offset_ms).toBe(86_400_000);
  expect(clock.now().getTime() - clock.real().getTime()).toBeGreaterThan(86_000_000);
  await expect(clock.advance(-1)).rejects.toThrow(RangeError);
});

test('off loopback phone and received calls share one token, without which they are shut', async () => {
  const alone = await start({ host: '0.0.0.0', wallets: ['wechat_pay'] });
  const { token = '' } = alone;
  expect(alone.phone.url).toContain(`token=${token}`);
  const [sandbox] = alone.wallets.all;
  const desk = `${sandbox?.url}/__sandbox/`;
  expect((await fetch(desk)).status).toBe(403);
  expect((await fetch(`${desk}?token=${token}`)).status).toBe(200);
  expect((await fetch(new URL('/api/people', alone.phone.url))).status).toBe(403);
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(new URL('/api/people', alone.phone.url), { headers })).status).toBe(200);
});

test('a port that is taken is named, and nothing stays behind', async () => {
  const first = await start({ wallets: ['wechat_pay'] });
  const port = Number(new URL(first.phone.url).port);
  await expect(start({ wallets: [], port })).rejects.toThrow(`port ${port}`);
  expect(existsSync(join(data_dir, 'keys'))).toBe(true);
});
