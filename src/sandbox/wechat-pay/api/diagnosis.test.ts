import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Authorization } from '../../../protocols/wechat-pay/authorization.ts';
import { act } from '../merchants/testing.ts';
import { callApi, merchantOf, orderBody, type RunningSandbox, runSandbox } from '../testing.ts';

/** What the developer is told about a wrong signature. */
let running: RunningSandbox;

beforeAll(async () => {
  running = await runSandbox();
});
afterAll(() => running.stop());

interface Lines {
  readonly method: string;
  readonly target: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: string;
}

interface Mistake {
  readonly target?: string;
  readonly body?: string;
  readonly method?: 'GET' | 'POST';
  readonly key?: KeyObject;
  readonly digest?: string;
  readonly text: (right: string, lines: Lines) => string;
}

const NATIVE = '/v3/pay/transactions/native';
const QUERY = '/v3/pay/transactions/out-trade-no/ABC%7C123?mchid=1900000001';

const header = (parts: object) =>
  `WECHATPAY2-SHA256-RSA2048 ${Object.entries(parts)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}`;

/** One call signed over `text` in place of the right one, and what the log says of it. */
async function verdictOn(mistake: Mistake) {
  const { method = 'POST', target = NATIVE, digest = 'sha256' } = mistake;
  const json = JSON.stringify(
    orderBody(running, { description: '龙井 <茶> a/b', attach: 'a: b, c' }),
  );
  const body = method === 'GET' ? '' : (mistake.body ?? json);
  const key = mistake.key ?? createPrivateKey(merchantOf(running).private_key);
  let signed = '';
  const answer = await callApi(running, {
    method,
    target,
    body,
    authorization: (given) => {
      const { timestamp, nonce_str: nonce } = given;
      const lines = { method, target, timestamp, nonce, body };
      signed = mistake.text(`${Object.values(lines).join('\n')}\n`, lines);
      const signature = sign(digest, Buffer.from(signed), key).toString('base64');
      return header({ ...given, signature });
    },
  });
  expect([answer.status, answer.content.code]).toEqual([401, 'SIGN_ERROR']);
  const [logged] = running.requests.list({ limit: 1 });
  return { signed, verdict: logged?.signature, logged };
}

const sorted = (body: string) => {
  const entries = Object.entries(JSON.parse(body) as object).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries));
};

describe('the text that was signed is found', () => {
  const again = (change: (body: string) => string) => ({
    text: (right: string, { body }: Lines) => right.replace(body, () => change(body)),
  });
  const get = { method: 'GET', target: QUERY } as const;
  test.each<[string, Mistake, RegExp]>([
    ['body indented', again((b) => JSON.stringify(JSON.parse(b), null, 2)), /serialised again/],
    ['body with blanks', again((b) => b.replace(/":/g, '": ').replace(/,"/g, ', "')), /serialised/],
    [
      'body in ASCII',
      again((b) => b.replace(/[龙井茶]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)),
      /serialised/,
    ],
    ['slashes escaped', again((b) => b.replaceAll('/', '\\/')), /serialised again/],
    ['keys in order', again(sorted), /serialised again/],
    ['no body', again(() => ''), /body was left out/],
    ['no last line feed', { text: (right) => right.slice(0, -1) }, /last line must end/],
    ['CR LF', { text: (right) => right.replaceAll('\n', '\r\n') }, /not in CR LF/],
    ['no line feeds', { text: (right) => right.replaceAll('\n', '') }, /Each line must end/],
    ['method in small letters', { text: (right) => right.replace('POST', 'post') }, /capitals/],
    [
      'host in the path',
      { text: (right) => right.replace(NATIVE, `https://api.mch.weixin.qq.com${NATIVE}`) },
      /Host and scheme/,
    ],
    [
      'this host in the path',
      { text: (right) => right.replace(NATIVE, running.sandbox.url + NATIVE) },
      /Host and scheme/,
    ],
    [
      'no query',
      { ...get, text: (right) => right.replace('?mchid=1900000001', '') },
      /query was left out/,
    ],
    ['path decoded', { ...get, text: (right) => right.replace('%7C', '|') }, /signed decoded/],
    [
      'path encoded twice',
      { ...get, text: (right) => right.replace('%7C', '%257C') },
      /encoded once more/,
    ],
    ['four lines for GET', { ...get, text: (right) => right.slice(0, -1) }, /.../],
    [
      'braces for no body',
      { ...get, text: (right) => right.replace(/\n\n$/, '\n{}\n') },
      /signs an empty line/,
    ],
    [
      'milliseconds',
      { text: (right, { timestamp }) => right.replace(timestamp, `${timestamp}417`) },
      /milliseconds/,
    ],
    [
      'nonce before timestamp',
      { text: (_, l) => `${[l.method, l.target, l.nonce, l.timestamp, l.body].join('\n')}\n` },
      /before the nonce/,
    ],
    [
      'the text of an answer',
      { text: (_, l) => `${[l.timestamp, l.nonce, l.body].join('\n')}\n` },
      /text of an answer/,
    ],
    [
      'two mistakes at once',
      { ...get, text: (right) => right.replace('?mchid=1900000001', '').slice(0, -1) },
      /query was left out.*Also/,
    ],
  ])('%s', async (_name, mistake, hint) => {
    const { signed, verdict } = await verdictOn(mistake);
    expect(verdict?.hint).toMatch(hint);
    expect(verdict).toMatchObject({ state: 'wrong', signed_text: signed });
    expect(verdict?.expected_text).not.toBe(signed);
  });

  test('and when no usual mistake explains it, the right text is shown alone', async () => {
    const { verdict } = await verdictOn({ text: () => 'something else entirely' });
    expect(verdict?.signed_text).toBeUndefined();
    expect(verdict?.hint).toContain('The key is right');
    expect(verdict?.expected_text?.startsWith(`POST\n${NATIVE}\n`)).toBe(true);
  });
});

describe('the key is named', () => {
  const right = (text: string) => text;

  test('when it is another merchant’s', async () => {
    const { mchid, private_key } = merchantOf(running, 'partner');
    const { verdict } = await verdictOn({ key: createPrivateKey(private_key), text: right });
    expect(verdict?.hint).toContain(mchid);
  });

  test('when it is nobody’s', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { verdict } = await verdictOn({ key: privateKey, text: right });
    expect(verdict?.hint).toContain('no merchant here');
  });

  test('when it is another certificate of the same merchant', async () => {
    const before = merchantOf(running);
    await act(running, 'certificates', { mchid: before.mchid });
    const { verdict } = await verdictOn({
      key: createPrivateKey(before.private_key),
      text: right,
    });
    expect(verdict?.hint).toContain(`certificate ${before.serial_no}: serial_no must name it`);
  });

  test('and so is a digest of another kind', async () => {
    const { verdict } = await verdictOn({ digest: 'sha1', text: right });
    expect(verdict?.hint).toContain('SHA-1');
  });
});

describe('before any signature', () => {
  const call = (authorization: (parts: Authorization) => string) =>
    callApi(running, { method: 'POST', target: NATIVE, body: orderBody(running), authorization });
  const last = () => running.requests.list({ limit: 1 })[0];
  test.each<[string, (parts: Authorization) => string, RegExp]>([
    ['no scheme', () => 'Bearer x', /must be WECHATPAY2/],
    ['an unknown merchant', (parts) => header({ ...parts, mchid: '1900000001' }), /1900000001/],
    ['an old clock', (parts) => header({ ...parts, timestamp: '1600000000' }), /five minutes/],
    [
      'milliseconds',
      (parts) => header({ ...parts, timestamp: `${parts.timestamp}000` }),
      /seconds/,
    ],
    ['a foreign serial', (parts) => header({ ...parts, serial_no: 'A'.repeat(40) }), /serial_no/],
    ['no base64', (parts) => header({ ...parts, signature: '!' }), /base64/],
    [
      'a probe',
      (parts) => header({ ...parts, signature: `WECHATPAY/SIGNTEST/${parts.signature}` }),
      /probe/,
    ],
  ])('%s is explained', async (_name, authorization, hint) => {
    expect((await call(authorization)).status).toBe(401);
    expect(last()?.signature.hint).toMatch(hint);
    expect(last()?.verdict).toBe('SIGN_ERROR');
  });
});
