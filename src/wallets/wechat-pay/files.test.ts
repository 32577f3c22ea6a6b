import { createHash, createPublicKey } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAuthorization } from '../../protocols/wechat-pay/authorization.ts';
import { requestMessage, rsaVerify } from '../../protocols/wechat-pay/signature.ts';
import { act } from '../../sandbox/wechat-pay/merchants/testing.ts';
import { type MerchantAccount, openAccount } from './account.ts';
import { type Client, callWallet, openClient } from './client.ts';
import { downloadFile, downloadTarget, uploadFile } from './files.ts';
import { decryptField, openSealer } from './trust/fields.ts';
import { openTrustBench, type TrustBench } from './trust/testing.ts';

/** Files in both directions, and encrypted fields, with the connector's own parts. */
let on: TrustBench;
let client: Client;
let account: MerchantAccount;

beforeAll(async () => {
  on = await openTrustBench();
  client = openClient({ real: () => new Date(), timeout_ms: 2000 });
  account = openAccount(on.account('platform'));
});
afterAll(async () => {
  client.outbound.stop();
  await on.stop();
});

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(40, 1)]);
const meta = (bytes: Buffer) => ({
  filename: '执照.png',
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

describe('an upload', () => {
  const target = '/v3/merchant/media/upload';
  const file = { name: '执照.png', content_type: 'image/png', bytes: png };

  test('is taken, and its trace shows no bytes', async () => {
    const result = await uploadFile(client, account, { target, meta: meta(png), file });
    expect(result).toMatchObject({ kind: 'answer', status: 200 });
    expect(result.kind === 'answer' && result.content.media_id).toHaveLength(120);
    expect(result.trace.operation).toBe(`POST ${target}`);
    expect(result.trace.request.body).toEqual(meta(png));
  });

  test('of another file than its digest says is a definite no', async () => {
    const other = { ...file, bytes: Buffer.concat([png, png]) };
    const result = await uploadFile(client, account, { target, meta: meta(png), file: other });
    expect(result).toMatchObject({ kind: 'error', status: 400, code: 'PARAM_ERROR' });
  });
});

describe('a download', () => {
  let server: Server;
  let answer: { status: number; body: string } = { status: 200, body: '' };
  let asked: { url: string; authorization: string } = { url: '', authorization: '' };
  let here: MerchantAccount;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const { url = '', headers } = request;
      asked = { url, authorization: headers.authorization ?? '' };
      response.writeHead(answer.status, { 'content-type': 'text/plain' }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    here = { ...account, endpoint: `http://127.0.0.1:${port}` };
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const operation = '/v3/billdownload/file';
  const get = (link: string, max_bytes = 1000) =>
    downloadFile(client, here, {
      target: downloadTarget(here, link) ?? '/nowhere',
      operation,
      max_bytes,
    });

  test('is signed over its path and token, and unsigned bytes come back as they are', async () => {
    answer = { status: 200, body: '\ufeff交易时间,`1' };
    const file = await get(`${here.endpoint}${operation}?token=abcdefghij&tartype=`);
    expect(file).toMatchObject({ kind: 'file', bytes: Buffer.from(answer.body) });
    const claim = parseAuthorization(asked.authorization);
    const message = requestMessage({
      method: 'GET',
      target: asked.url,
      timestamp: claim?.timestamp ?? '',
      nonce: claim?.nonce_str ?? '',
      body: '',
    });
    const key = createPublicKey(account.private_key);
    expect(asked.url).toBe(`${operation}?token=abcdefghij&tartype=`);
    expect(rsaVerify(key, message, claim?.signature ?? '')).toBe(true);
    expect(JSON.stringify(file.trace)).not.toContain('abcdefghij');
  });

  test('that is too large, refused without a signature, or a 5xx is unknown', async () => {
    const link = `${here.endpoint}${operation}?token=1`;
    answer = { status: 200, body: 'x'.repeat(1001) };
    expect((await get(link)).kind).toBe('unknown');
    answer = { status: 404, body: '{"code":"NOT_FOUND","message":"gone"}' };
    expect((await get(link)).kind).toBe('unknown');
    answer = { status: 500, body: '' };
    expect((await get(link)).kind).toBe('unknown');
  });

  test('from anywhere else but the wallet is not made', () => {
    expect(downloadTarget(here, 'https://api.mch.weixin.qq.com/v3/x?token=1')).toBe(
      '/v3/x?token=1',
    );
    for (const link of [
      'https://evil.example/v3/billdownload/file?token=1',
      'http://api.mch.weixin.qq.com/v3/x',
      'https://api.mch.weixin.qq.com.evil.example/x',
      'file:///etc/passwd',
      'nothing',
    ]) {
      expect(downloadTarget(here, link)).toBeUndefined();
    }
  });
});

describe('encrypted fields', () => {
  const echo = async (as: MerchantAccount, text: string) => {
    const sealer = await openSealer(client, as);
    if (!sealer) throw new Error('no key');
    const operation = '/v3/security/echo';
    const result = await callWallet(client, as, {
      method: 'POST',
      target: operation,
      operation,
      serial: sealer.serial,
      body: { echo_message: 'x', encrypted_echo_message: sealer.encrypt(text) },
    });
    return { result, sealer };
  };

  test.each(['direct', 'partner', 'certificate'])('go both ways as %s', async (role) => {
    const as = openAccount(on.account(role));
    const { result } = await echo(as, '林小禾');
    if (result.kind !== 'answer') throw new Error(JSON.stringify(result));
    const back = String(result.content.encrypted_echo_message);
    expect(decryptField(as, back)).toBe('林小禾');
    expect(decryptField(account, back)).toBeUndefined();
  });

  test('are at most 214 bytes long', async () => {
    const sealer = await openSealer(client, account);
    expect(sealer?.encrypt('茶'.repeat(71))).toBeDefined();
    expect(sealer?.encrypt('茶'.repeat(72))).toBeUndefined();
  });

  test('under a certificate that is gone are refused once, and not on the next try', async () => {
    const as = openAccount(on.account('certificate', { id: 'wac_gone' }));
    await echo(as, 'a');
    await act(on.running, 'certificates/rotate');
    await act(on.running, 'certificates/rotate');
    expect((await echo(as, 'b')).result).toMatchObject({ kind: 'error', code: 'PARAM_ERROR' });
    expect((await echo(as, 'c')).result.kind).toBe('answer');
  });
});
