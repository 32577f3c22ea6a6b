import { createPublicKey, X509Certificate } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import { keysFolder } from '../../../../test/support/sandbox-keys.ts';
import type { SealedCertificate } from '../../../protocols/wechat-pay/certificates.ts';
import { answerMessage, rsaVerify } from '../../../protocols/wechat-pay/signature.ts';
import {
  callApi,
  merchantOf,
  openShop,
  orderBody,
  type RawCall,
  type RunningSandbox,
  runSandbox,
  type Shop,
} from '../testing.ts';
import { act } from './testing.ts';

/** Who signs what towards whom; the judge is wechatpay-axios-plugin, which picks by serial. */
let running: RunningSandbox;
let shop: Shop;

beforeAll(async () => {
  [running, shop] = await Promise.all([runSandbox(), openShop()]);
});
afterAll(async () => {
  await Promise.all([running.stop(), shop.stop()]);
});

const NATIVE = '/v3/pay/transactions/native';

/** The first merchant has the public key, `certificate` has certificates until a test says else. */
function trust(
  mode: 'cert' | 'both' | 'pubkey',
  more: { account?: string; percent?: number } = {},
) {
  const { account = 'direct', ...rest } = more;
  return act(running, 'trust', { mchid: merchantOf(running, account).mchid, mode, ...rest });
}

beforeEach(async () => {
  await trust('pubkey');
  await trust('cert', { account: 'certificate' });
});

function order(account: string, more: Partial<RawCall> = {}) {
  const { appid, mchid } = merchantOf(running, account);
  const body = orderBody(running, { appid, mchid, notify_url: shop.notify_url });
  return callApi(running, { method: 'POST', target: NATIVE, body, account, ...more });
}

/** What a merchant downloads and decrypts with the SDK: certificates by serial. */
async function downloaded(account: string): Promise<Record<string, string>> {
  const { content } = await callApi(running, {
    method: 'GET',
    target: '/v3/certificates',
    account,
  });
  const { api_v3_key } = merchantOf(running, account);
  const found: Record<string, string> = {};
  for (const { serial_no, encrypt_certificate: sealed } of content.data as SealedCertificate[]) {
    const { ciphertext, nonce, associated_data = '' } = sealed;
    found[serial_no] = Aes.AesGcm.decrypt(ciphertext, api_v3_key, nonce, associated_data);
  }
  return found;
}

function sdk(account: string, certs: Record<string, string>, serial_header?: string) {
  const { mchid, serial_no: serial, private_key: privateKey } = merchantOf(running, account);
  const { url: baseURL } = running.sandbox;
  const headers = serial_header === undefined ? {} : { 'Wechatpay-Serial': serial_header };
  return new Wechatpay({ mchid, serial, privateKey, certs, baseURL, proxy: false, headers });
}

interface Made {
  readonly [field: string]: unknown;
  readonly code_url?: string;
}

/** Makes an order with the SDK, which throws when the answer is not signed by one of `certs`. */
async function judged(account: string, certs: Record<string, string>, serial_header?: string) {
  const { appid, mchid } = merchantOf(running, account);
  const body = orderBody(running, { appid, mchid, notify_url: shop.notify_url });
  const client = sdk(account, certs, serial_header);
  const { data, headers } = await client.chain(NATIVE.slice(1)).post<Made>(body);
  return { code: data.code_url ?? '', serial: String(headers['wechatpay-serial']) };
}

async function noticeAfter(code: string) {
  const before = shop.received.length;
  const scan = await running.sandbox.scan('lin', code);
  await running.sandbox.confirm(scan.id, 'pay');
  return shop.notice(before + 1);
}

/** The id of the certificate or key that signed the notice, once the SDK has verified it. */
async function noticeSigner(code: string, certs: Record<string, string>) {
  const { headers, body } = await noticeAfter(code);
  const serial = String(headers['wechatpay-serial']);
  const message = Formatter.response(
    String(headers['wechatpay-timestamp']),
    String(headers['wechatpay-nonce']),
    body.toString('utf8'),
  );
  const key = Rsa.from(certs[serial] ?? '', Rsa.KEY_TYPE_PUBLIC);
  expect(Rsa.verify(message, String(headers['wechatpay-signature']), key)).toBe(true);
  return serial;
}

describe('with certificates alone', () => {
  test('answers and notices are signed by the platform certificate', async () => {
    const certs = await downloaded('certificate');
    const made = await judged('certificate', certs);
    expect(Object.keys(certs)).toContain(made.serial);
    expect(await noticeSigner(made.code, certs)).toBe(made.serial);
  });

  test('so they are when the public key is asked for: the switch has not begun', async () => {
    const account = running.sandbox.accounts().find(({ role }) => role === 'certificate');
    expect(account?.settings.public_key_id).toBeUndefined();
    await trust('both', { account: 'certificate' });
    const { public_key_id } = merchantOf(running, 'certificate');
    await trust('cert', { account: 'certificate' });
    const certs = await downloaded('certificate');
    const made = await judged('certificate', certs, public_key_id);
    expect(Object.keys(certs)).toContain(made.serial);
  });

  test('the certificate is what it says: of the authority, named, for five years', async () => {
    const [[serial, pem] = ['', '']] = Object.entries(await downloaded('certificate'));
    const certificate = new X509Certificate(pem);
    expect(certificate.serialNumber).toBe(serial);
    expect(certificate.subject).toContain('Tenpay.com');
    const years = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 31_536e6;
    expect(years).toBeCloseTo(5, 1);
  });
});

describe('with the public key alone', () => {
  test('everything is signed by it, whatever is asked for', async () => {
    const { public_key_id, public_key } = merchantOf(running);
    const [platform] = Object.keys(await downloaded('certificate'));
    for (const asked of [undefined, public_key_id, platform]) {
      const made = await judged('direct', { [public_key_id]: public_key }, asked);
      expect(made.serial).toBe(public_key_id);
    }
    const made = await judged('direct', { [public_key_id]: public_key });
    expect(await noticeSigner(made.code, { [public_key_id]: public_key })).toBe(public_key_id);
  });

  test('there is no certificate, and the answer points to the public key', async () => {
    const answer = await callApi(running, { method: 'GET', target: '/v3/certificates' });
    expect([answer.status, answer.content.code]).toEqual([404, 'RESOURCE_NOT_EXISTS']);
    expect(String(answer.content.message)).toContain('公钥');
  });
});

describe('during the switch', () => {
  test('the answer follows the serial of the request', async () => {
    await trust('both');
    const { public_key_id, public_key } = merchantOf(running);
    const certs = await downloaded('direct');
    const [platform = ''] = Object.keys(certs);
    const both = { ...certs, [public_key_id]: public_key };
    expect((await judged('direct', both)).serial).toBe(platform);
    expect((await judged('direct', both, platform)).serial).toBe(platform);
    expect((await judged('direct', both, public_key_id)).serial).toBe(public_key_id);
  });

  test('notices move to the public key by the share of the ramp', async () => {
    const { public_key_id, public_key } = merchantOf(running);
    const signers = async (percent: number, count: number) => {
      await trust('both', { percent });
      const both = { ...(await downloaded('direct')), [public_key_id]: public_key };
      const found: string[] = [];
      for (let i = 0; i < count; i += 1) {
        found.push(await noticeSigner((await judged('direct', both)).code, both));
      }
      return found.filter((serial) => serial === public_key_id).length;
    };
    expect(await signers(0, 4)).toBe(0);
    expect(await signers(100, 4)).toBe(4);
    const half = await signers(50, 30);
    expect(half).toBeGreaterThan(4);
    expect(half).toBeLessThan(26);
  });

  test('a share is 0 to 100', async () => {
    await expect(trust('both', { percent: 101 })).rejects.toThrow();
    await expect(act(running, 'trust', { mchid: '1', mode: 'both' })).rejects.toThrow(
      'no merchant',
    );
  });
});

describe.each(['cert', 'both', 'pubkey'] as const)('in mode %s', (mode) => {
  beforeEach(() => trust(mode));

  test('a serial that nobody issued is a PARAM_ERROR', async () => {
    for (const serial of ['PUB_KEY_ID_0', 'A'.repeat(40)]) {
      const answer = await order('direct', { headers: { 'Wechatpay-Serial': serial } });
      expect([answer.status, answer.content.code]).toEqual([400, 'PARAM_ERROR']);
      expect(answer.content.detail).toMatchObject({ field: 'Wechatpay-Serial', value: serial });
    }
  });

  test('a request that was tampered with, or is stale, is refused and the refusal signed', async () => {
    const tampered = await order('direct', { sent_body: '{"amount":{"total":1}}' });
    const stale = await order('direct', { skew_s: -301 });
    for (const answer of [tampered, stale]) {
      expect([answer.status, answer.content.code]).toEqual([401, 'SIGN_ERROR']);
      expect(answer.headers.get('wechatpay-signature')).toBeTruthy();
    }
  });

  test('a signature of another merchant is refused', async () => {
    const other = merchantOf(running, 'partner');
    const answer = await order('direct', {
      authorization: ({ signature, ...rest }) =>
        `WECHATPAY2-SHA256-RSA2048 ${Object.entries({ ...rest, mchid: other.mchid, signature })
          .map(([name, value]) => `${name}="${value}"`)
          .join(',')}`,
    });
    expect([answer.status, answer.content.code]).toEqual([401, 'SIGN_ERROR']);
  });
});

describe('rotation', () => {
  test('is announced first, then signs, and the old one stays for a while', async () => {
    const before = Object.keys(await downloaded('certificate'));
    const signs = async () => {
      const certs = await downloaded('certificate');
      return (await judged('certificate', certs)).serial;
    };
    const old = await signs();
    const announced = await act(running, 'certificates/rotate', { signs: 'later' });
    expect(announced.published).toHaveLength(before.length + 1);
    expect(await signs()).toBe(old);
    const rotated = await act(running, 'certificates/rotate', { signs: 'now' });
    const fresh = await signs();
    expect(fresh).toBe(rotated.signs);
    expect(before).not.toContain(fresh);
    expect(Object.keys(await downloaded('certificate'))).toEqual([old, fresh]);
    await act(running, 'certificates/rotate');
    expect(Object.keys(await downloaded('certificate'))).not.toContain(old);
  });

  test('survives a restart, and so do issued certificates', async () => {
    const { mchid } = merchantOf(running);
    const issued = await act(running, 'certificates', { mchid });
    const certs = await downloaded('certificate');
    const again = await runSandbox({ keys_dir: running.keys_dir });
    expect(merchantOf(again).serial_no).toBe(issued.serial_no);
    const { private_key_file, serial_no } = again.sandbox.scriptAccess();
    expect(serial_no).toBe(issued.serial_no);
    expect(await readFile(private_key_file ?? '', 'utf8')).toBe(issued.private_key);
    const target = '/v3/certificates';
    const { content } = await callApi(again, { method: 'GET', target, account: 'certificate' });
    const list = (content.data as { serial_no: string }[]).map(({ serial_no }) => serial_no);
    expect(list).toEqual(Object.keys(certs));
    await again.sandbox.stop();
  });

  test('comes by the dial for those who trust certificates, and for nobody else', async () => {
    const certs = await downloaded('certificate');
    running.faults.set([{ fault: 'key_rotated', probability: 1, remaining: 1 }]);
    await order('direct');
    expect(running.faults.settings[0]?.remaining).toBe(1);
    const answer = await order('certificate');
    expect(running.faults.settings[0]?.remaining).toBe(0);
    running.faults.set([]);
    const serial = answer.headers.get('wechatpay-serial') ?? '';
    expect(Object.keys(certs)).not.toContain(serial);
    const now = await downloaded('certificate');
    const { publicKey } = new X509Certificate(now[serial] ?? '');
    const message = answerMessage({
      timestamp: answer.headers.get('wechatpay-timestamp') ?? '',
      nonce: answer.headers.get('wechatpay-nonce') ?? '',
      body: answer.text,
    });
    const signature = answer.headers.get('wechatpay-signature') ?? '';
    expect(rsaVerify(publicKey, message, signature)).toBe(true);
  });
});

describe('API certificates', () => {
  test('of a merchant are all in force until revoked', async () => {
    const first = merchantOf(running, 'partner');
    const by = ({ serial_no, private_key }: typeof first) => {
      const { mchid } = first;
      const certs = { [first.public_key_id]: first.public_key };
      const options = { mchid, serial: serial_no, privateKey: private_key, certs };
      const { url: baseURL } = running.sandbox;
      const client = new Wechatpay({ ...options, baseURL, proxy: false });
      const headers = { 'Wechatpay-Serial': first.public_key_id };
      return client.chain('v3/security/echo').post({ echo_message: 'hello' }, { headers });
    };
    const { certificate } = await act(running, 'certificates', { mchid: first.mchid });
    const second = merchantOf(running, 'partner');
    expect(second.serial_no).not.toBe(first.serial_no);
    const subject = new X509Certificate(String(certificate)).subject;
    expect(subject).toContain(`CN=${first.mchid}`);
    expect((await by(first)).status).toBe(200);
    expect((await by(second)).status).toBe(200);
    await act(running, 'certificates', { mchid: first.mchid, revoke: true });
    await expect(by(second)).rejects.toMatchObject({ response: { status: 401 } });
    expect((await by(merchantOf(running, 'partner'))).status).toBe(200);
  });
});

describe('kept keys', () => {
  test('of the first release are taken over: same number, same serial, same keys', async () => {
    const keys_dir = await keysFolder('wechat_pay');
    const known = await runSandbox({ keys_dir });
    const before = merchantOf(known);
    await known.sandbox.stop();
    const { api_v2_key, sub_merchants, ...old } = before;
    const record = { ...old, name: '胡同集市', openid_salt: 'salt' };
    const file = (name: string) => join(keys_dir, `wechat_pay_${name}`);
    await writeFile(file('merchant.json'), JSON.stringify(record));
    await rm(file('merchant_certificates.json'));
    const again = await runSandbox({ keys_dir });
    const after = merchantOf(again);
    expect({ ...after, api_v2_key, sub_merchants }).toEqual(before);
    expect(after.api_v2_key).toHaveLength(32);
    expect(createPublicKey(after.private_key).asymmetricKeyType).toBe('rsa');
    await again.sandbox.stop();
    await rm(keys_dir, { recursive: true });
  });

  test('that are damaged stop the start, by the name of the file', async () => {
    const keys_dir = await keysFolder('wechat_pay');
    await writeFile(join(keys_dir, 'wechat_pay_platform_certificates.json'), '[{}]');
    await expect(runSandbox({ keys_dir })).rejects.toThrow(
      'platform_certificates.json are damaged',
    );
    await rm(keys_dir, { recursive: true });
  });
});
