import { createHash, createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { shanghaiStamp } from '../../src/clock.ts';
import { encodeForm } from '../../src/protocols/alipay/parameters.ts';
import { requestParameters, signRequest } from '../../src/protocols/alipay/request.ts';
import { buildAuthorization } from '../../src/protocols/wechat-pay/authorization.ts';
import {
  newNonce,
  requestMessage,
  rsaSign,
  unixSeconds,
} from '../../src/protocols/wechat-pay/signature.ts';
import { buildXml, v2Signed } from '../../src/protocols/wechat-pay/v2.ts';
import { exchange, type FuzzRequest } from './exchange.ts';
import { storm } from './fuzz-storm.ts';
import { type Dice, HOSTILE_TEXTS } from './fuzz-values.ts';
import { judgeOf } from './wire/forms.ts';
import { heldBeyond, settledHeap } from './wire/memory.ts';
import { startWire, WIRE_FACTOR, type Wire } from './wire/rig.ts';

/** Files and XML: bodies with a structure of their own. */
let wechat: Wire;
let alipay: Wire;
const MEGABYTE = 1024 * 1024;

beforeAll(async () => {
  wechat = await startWire('wechat_pay');
  alipay = await startWire('alipay');
});

interface Account {
  readonly mchid: string;
  readonly serial_no: string;
  readonly appid: string;
  readonly api_v2_key: string;
  readonly key: ReturnType<typeof createPrivateKey>;
}

function merchant(role: string): Account {
  const found = wechat.sandbox.accounts().find((each) => each.role === role);
  if (!found) throw new Error(`no ${role}`);
  const { settings, credentials } = found;
  return {
    mchid: String(settings['mchid']),
    serial_no: String(settings['serial_no']),
    appid: String(settings['appid']),
    api_v2_key: credentials['api_v2_key'] ?? '',
    key: createPrivateKey(credentials['private_key'] ?? ''),
  };
}

const MEDIA = '/v3/merchant/media/upload';

async function signedUpload(meta: string, type: string, body: Buffer): Promise<FuzzRequest> {
  const { mchid, serial_no, key } = merchant('partner');
  const timestamp = unixSeconds(new Date());
  const nonce_str = newNonce();
  const parts = { method: 'POST', target: MEDIA, timestamp, nonce: nonce_str };
  const signature = await rsaSign(key, requestMessage({ ...parts, body: meta }));
  const authorization = buildAuthorization({ mchid, serial_no, nonce_str, timestamp, signature });
  const headers = {
    accept: 'application/json',
    'user-agent': 'x',
    'content-type': type,
    authorization,
  };
  return { method: 'POST', target: MEDIA, headers, body };
}

const NAMES = [
  'a.jpg',
  '../../../etc/passwd',
  'a\u0000.jpg',
  '.',
  '',
  '茶.jpg',
  'a"b.jpg',
  `${'a'.repeat(3_000)}.jpg`,
  'a.jpg\r\nX: 1',
  'CON',
  'a.jpg.exe',
] as const;

interface Parts {
  readonly meta: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly boundary: string;
}

function plainBody({ meta, name, bytes, boundary }: Parts): Buffer {
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n${meta}\r\n` +
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: image/jpg\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

function brokenBody(dice: Dice, parts: Parts): Buffer {
  const whole = plainBody(parts);
  const { boundary } = parts;
  switch (dice.below(9)) {
    case 0:
      return whole.subarray(0, dice.below(whole.length));
    case 1:
      return Buffer.from(`--${boundary}\r\n`.repeat(9_000));
    case 2:
      return Buffer.from(
        `--${boundary}\r\nX: ${'y'.repeat(60_000)}\r\n\r\n${whole.toString('latin1')}`,
        'latin1',
      );
    case 3:
      return plainBody({ ...parts, bytes: plainBody(parts) });
    case 4:
      return Buffer.concat([whole, whole]);
    case 5:
      return Buffer.from(whole.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
    case 6:
      return Buffer.from(
        whole.toString('latin1').replace('name="meta"', 'name="meta"; name="file"'),
        'latin1',
      );
    case 7:
      return dice.bytes(3_000);
    default:
      return whole;
  }
}

async function upload(dice: Dice): Promise<FuzzRequest> {
  const bytes = dice.bytes(dice.below(2_000));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const name = dice.pick(NAMES);
  const metas = [
    JSON.stringify({ filename: name, sha256 }),
    JSON.stringify({ filename: name, sha256: sha256.toUpperCase() }),
    JSON.stringify({ filename: 1, sha256: null }),
    `{"filename":"a.jpg","sha256":"${sha256}","__proto__":{"x":1}}`,
    '['.repeat(30_000),
    dice.pick(HOSTILE_TEXTS),
  ] as const;
  const meta = dice.pick(metas);
  const boundary = dice.pick(['x', 'a b', '-'.repeat(70), '"', 'é'] as const);
  const body = brokenBody(dice, { meta, name, bytes, boundary });
  const types = [
    `multipart/form-data; boundary=${boundary}`,
    `multipart/form-data; boundary="${boundary}"`,
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; ${'a=b; '.repeat(900)}boundary=x`,
    'multipart/mixed; boundary=x',
    'application/json',
  ] as const;
  const type = dice.chance(0.6) ? types[0] : dice.pick(types);
  return signedUpload(meta, Buffer.from(type, 'utf8').toString('latin1'), body);
}

test('uploads to WeChat Pay that are no uploads are refused in its own words', async () => {
  const judge = judgeOf(wechat);
  const { wrong } = await storm({
    root: wechat.sandbox.url,
    cases: 60 * WIRE_FACTOR,
    make: upload,
    judge,
  });
  expect(wrong).toEqual([]);
});

async function alipayUpload(dice: Dice): Promise<FuzzRequest> {
  const { settings, credentials } = alipay.sandbox.merchantAccount();
  const parameters = requestParameters({
    app_id: String(settings['app_id']),
    method: 'ant.merchant.expand.indirect.image.upload',
    timestamp: shanghaiStamp(new Date()),
    extra: { image_type: 'jpg' },
  });
  const pem = (credentials['private_key'] ?? '').replace(/-----[A-Z ]+-----|\s/g, '');
  const key = createPrivateKey({ key: Buffer.from(pem, 'base64'), format: 'der', type: 'pkcs1' });
  await signRequest(key, parameters);
  const parts = { meta: '{}', name: dice.pick(NAMES), bytes: dice.bytes(500), boundary: 'x' };
  return {
    method: 'POST',
    target: `/gateway.do?${encodeForm(parameters)}`,
    headers: {
      'content-type': dice.pick([
        'multipart/form-data; boundary=x',
        'multipart/form-data',
      ] as const),
    },
    body: brokenBody(dice, parts),
  };
}

test('uploads to Alipay that are no uploads are refused in its own words', async () => {
  const judge = judgeOf(alipay);
  const { wrong } = await storm({
    root: alipay.sandbox.url,
    cases: 90 * WIRE_FACTOR,
    make: alipayUpload,
    judge,
  });
  expect(wrong).toEqual([]);
});

const LAUGHS = Array.from(
  { length: 9 },
  (_, nth) => `<!ENTITY l${nth + 1} "${`&l${nth};`.repeat(10)}">`,
);
const DEEP = (count: number) => `${'<a>'.repeat(count)}x${'</a>'.repeat(count)}`;

/** None of them is the flat document that the wallet speaks. */
const DOCUMENTS: Readonly<Record<string, string | Buffer>> = {
  'a billion laughs': `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">${LAUGHS.join('')}]><xml><mch_id>&l9;</mch_id></xml>`,
  'an external entity':
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><mch_id>&e;</mch_id></xml>',
  'a parameter entity':
    '<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x.dtd">%e;]><xml></xml>',
  'an external type': '<!DOCTYPE x PUBLIC "-//a" "http://127.0.0.1:9/x"><xml><a>1</a></xml>',
  'a type in lower case': '<!doctype x><xml><a>1</a></xml>',
  'an entity nobody declared': '<xml><mch_id>&nobody;</mch_id></xml>',
  'numbers for letters': `<xml><mch_id>${'&#49;'.repeat(9_000)}</mch_id></xml>`,
  'a letter that is none': '<xml><mch_id>&#0;&#xD800;&#x110000;&#99999999999;</mch_id></xml>',
  'an inclusion':
    '<xml xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></xml>',
  'an instruction': '<?xml-stylesheet href="http://127.0.0.1:9/"?><xml><a>1</a></xml>',
  'thousands of levels': `<xml>${DEEP(8_000)}</xml>`,
  'levels without end': `<xml>${'<a>'.repeat(20_000)}`,
  'thousands of fields': `<xml>${Array.from({ length: 5_000 }, (_, nth) => `<a${nth}>1</a${nth}>`).join('')}</xml>`,
  'one field again and again': `<xml>${'<a>1</a>'.repeat(7_000)}</xml>`,
  'an endless attribute': `<xml a="${'b'.repeat(60_000)}"><a>1</a></xml>`,
  'a megabyte of attribute': `<xml a="${'b'.repeat(1_000_000)}"><a>1</a></xml>`,
  'thousands of attributes': `<xml ${Array.from({ length: 5_000 }, (_, nth) => `a${nth}="1"`).join(' ')}><a>1</a></xml>`,
  'quotes without end': `<xml a='"'b="'${`"'`.repeat(15_000)}><a>1</a></xml>`,
  'blanks without end': `<xml${' '.repeat(60_000)}a><a>1</a></xml>`,
  'signs of equality': `<xml ${'='.repeat(60_000)}><a>1</a></xml>`,
  'ampersands without end': `<xml><a>${'&'.repeat(60_000)}</a></xml>`,
  'opened brackets': '<'.repeat(60_000),
  'opened sections': `<xml>${'<![CDATA['.repeat(6_000)}</xml>`,
  'a section that never ends': '<xml><a><![CDATA[x</a></xml>',
  'a section with a bracket': '<xml><mch_id><![CDATA[]]]]><![CDATA[>]]></mch_id></xml>',
  'comments without end': `<xml>${'<!--'.repeat(10_000)}</xml>`,
  'a name of every object':
    '<xml><__proto__>1</__proto__><constructor>1</constructor><toString>1</toString></xml>',
  'a prototype with members': '<xml><__proto__><mch_id>1</mch_id></__proto__></xml>',
  'UTF-16': Buffer.from('\ufeff<xml><mch_id>1</mch_id></xml>', 'utf16le'),
  'a false encoding': '<?xml version="1.0" encoding="UTF-7"?><xml><mch_id>+ADw-</mch_id></xml>',
  GBK: Buffer.concat([
    Buffer.from('<xml><body>'),
    Buffer.from([0xb2, 0xe8, 0xff, 0xfe]),
    Buffer.from('</body></xml>'),
  ]),
  'no root': 'mch_id=1',
  'another root': '<html><mch_id>1</mch_id></html>',
  'two roots': '<xml><a>1</a></xml><xml><a>2</a></xml>',
  JSON: '{"mch_id":"1"}',
  nothing: '',
  zeros: Buffer.alloc(5_000),
};

describe('XML of WeChat Pay’s second version', () => {
  const post = (target: string, body: string | Buffer) =>
    exchange(wechat.sandbox.url, {
      method: 'POST',
      target,
      headers: { 'content-type': 'text/xml' },
      body: Buffer.from(body),
    });

  test.each(Object.keys(DOCUMENTS))('%s is refused at once', async (name) => {
    for (const target of ['/pay/micropay', '/secapi/pay/reverse']) {
      const started = performance.now();
      const answer = await post(target, DOCUMENTS[name] ?? '').catch((error: unknown) =>
        String(error),
      );
      expect(performance.now() - started).toBeLessThan(1_000);
      if (typeof answer === 'string') {
        // Cut off in the middle of a body that is far too long.
        expect([name, answer.includes('ECONNRESET') || answer.includes('EPIPE')]).toEqual([
          'a megabyte of attribute',
          true,
        ]);
        continue;
      }
      expect(answer.status).toBe(200);
      expect(answer.text).toContain('<return_code>FAIL</return_code>');
      expect(answer.text).not.toContain('root:');
    }
  });

  test('signed, with any value, is answered in XML', async () => {
    const { mchid, appid, api_v2_key } = merchant('direct');
    const judge = judgeOf(wechat);
    const make = async (dice: Dice): Promise<FuzzRequest> => {
      const fields: Record<string, string> = {
        appid,
        mch_id: mchid,
        body: '茶',
        out_trade_no: `V2N${dice.below(500)}`,
        total_fee: '100',
        spbill_create_ip: '127.0.0.1',
        auth_code: '130000000000000001',
      };
      const names = [
        ...Object.keys(fields),
        'sub_mch_id',
        'attach',
        'time_expire',
        'profit_sharing',
      ];
      const name = names[dice.below(names.length)] ?? 'body';
      // XML has no zero and no half of a pair.
      fields[name] = Buffer.from(dice.pick(HOSTILE_TEXTS))
        .toString('utf8')
        .replaceAll('\u0000', '');
      const signed = v2Signed(fields, api_v2_key, dice.pick(['MD5', 'HMAC-SHA256'] as const));
      const target = dice.chance(0.5) ? '/pay/micropay' : '/secapi/pay/reverse';
      return {
        method: 'POST',
        target,
        headers: { 'content-type': 'text/xml' },
        body: Buffer.from(buildXml(signed)),
      };
    };
    const { wrong } = await storm({
      root: wechat.sandbox.url,
      cases: 120 * WIRE_FACTOR,
      make,
      judge,
    });
    expect(wrong).toEqual([]);
  });
});

test('large files and long texts are not kept by the log of calls', async () => {
  const bytes = Buffer.alloc(5 * MEGABYTE, 'a');
  const meta = JSON.stringify({
    filename: 'a.jpg',
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  const sent = await signedUpload(
    meta,
    'multipart/form-data; boundary=x',
    plainBody({ meta, name: 'a.jpg', bytes, boundary: 'x' }),
  );
  const long = {
    ...sent,
    target: '/v3/pay/transactions/native',
    headers: { ...sent.headers, 'content-type': 'application/json' },
    body: Buffer.alloc(65_000, '茶'),
  };
  const before = await settledHeap();
  for (let nth = 0; nth < 12; nth += 1) await exchange(wechat.sandbox.url, sent);
  for (let nth = 0; nth < 150; nth += 1) await exchange(wechat.sandbox.url, long);
  expect(await heldBeyond(before, 24 * MEGABYTE)).toBeLessThan(24 * MEGABYTE);
});
