import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyWebhook, type WebhookToVerify, WebhookVerificationError } from './verify-webhook.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
const NOW = new Date('2026-11-21T04:00:00Z');
const STAMP = String(NOW.getTime() / 1_000);

/** As the hub writes it: members of the event in order, those below by length, then by bytes. */
const BODY =
  '{"id":"evt_1","object":"event","type":"payment.succeeded","created_at":"2026-11-21T03:59:59Z",' +
  '"livemode":false,"platform":"plt_1","sequence":3,"position":null,' +
  '"data":{"object":{"id":"pay_1","note":"红包 \\"x\\"","amount":1234,"object":"payment"}}}';

function macOf(body: string, secret = SECRET, stamp = STAMP): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return createHmac('sha256', key).update(`evt_1.${stamp}.${body}`).digest('base64');
}

const HEADERS: Readonly<Record<string, string>> = {
  'webhook-id': 'evt_1',
  'webhook-timestamp': STAMP,
  'webhook-signature': `v1,${macOf(BODY)}`,
};

function signed(more: Partial<WebhookToVerify> = {}): WebhookToVerify {
  return { body: Buffer.from(BODY), headers: HEADERS, secrets: SECRET, now: NOW, ...more };
}

function mistakeOf(webhook: WebhookToVerify): string {
  try {
    verifyWebhook(webhook);
  } catch (error) {
    if (error instanceof WebhookVerificationError) return error.mistake;
    throw error;
  }
  return 'none';
}

describe('a webhook that the hub sent', () => {
  it('is verified from bytes and from text, and answers its event', () => {
    expect(verifyWebhook(signed()).id).toBe('evt_1');
    expect(verifyWebhook(signed({ body: BODY })).data.object.id).toBe('pay_1');
    expect(verifyWebhook(signed({ body: new Uint8Array(Buffer.from(BODY)) })).sequence).toBe(3);
  });

  it('is verified whatever holds the headers', () => {
    const entries = Object.entries(HEADERS);
    const upper = Object.fromEntries(entries.map(([name, value]) => [name.toUpperCase(), value]));
    const lists = Object.fromEntries(entries.map(([name, value]) => [name, [value]]));
    for (const form of [new Headers(entries), upper, lists]) {
      expect(mistakeOf(signed({ headers: form }))).toBe('none');
    }
  });

  it('is verified when one of several signatures and one of several secrets meet', () => {
    const signature = `v1,${macOf(BODY, OTHER)} v2,abc v1,${macOf(BODY)}`;
    const headers = { ...HEADERS, 'webhook-signature': signature };
    expect(mistakeOf(signed({ headers }))).toBe('none');
    expect(mistakeOf(signed({ headers, secrets: [`whsec_${'A'.repeat(44)}`, OTHER] }))).toBe(
      'none',
    );
  });

  it('is verified with the public key', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const message = Buffer.from(`evt_1.${STAMP}.${BODY}`);
    const signature = `v1a,${sign(null, message, privateKey).toString('base64')}`;
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const headers = { ...HEADERS, 'webhook-signature': signature };
    const secrets = `whpk_${raw.toString('base64')}`;
    expect(mistakeOf(signed({ headers, secrets }))).toBe('none');
    expect(mistakeOf(signed({ headers, secrets, body: `${BODY} ` }))).not.toBe('none');
  });

  it('is verified by the vector of the Standard Webhooks specification', () => {
    const body = '{"test": 2432232314}';
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const secrets = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const now = new Date(1_614_265_330_000);
    expect(mistakeOf({ body, headers, secrets, now })).toBe('none');
  });
});

describe('the mistake', () => {
  it('missing_headers: one of the three is not there', () => {
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
      const headers = { ...HEADERS, [name]: undefined };
      expect(mistakeOf(signed({ headers }))).toBe('missing_headers');
      expect(() => verifyWebhook(signed({ headers }))).toThrow(name);
    }
    const headers = { ...HEADERS, 'webhook-timestamp': 'yesterday' };
    expect(mistakeOf(signed({ headers }))).toBe('missing_headers');
  });

  it('body_was_parsed: the body is an object', () => {
    const body: unknown = JSON.parse(BODY);
    expect(mistakeOf(signed({ body: body as string }))).toBe('body_was_parsed');
  });

  it('body_was_parsed: the body was written again with other spaces or another order', () => {
    const event = JSON.parse(BODY) as Record<string, unknown>;
    const sorted = Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1)));
    const object = { object: 'payment', amount: 1234, note: '红包 "x"', id: 'pay_1' };
    for (const body of [
      JSON.stringify(event, null, 2),
      JSON.stringify(sorted),
      JSON.stringify({ ...sorted, data: { object } }),
    ]) {
      expect(mistakeOf(signed({ body }))).toBe('body_was_parsed');
    }
  });

  it('wrong_secret: another endpoint’s, or one that lost its form', () => {
    expect(mistakeOf(signed({ secrets: OTHER }))).toBe('wrong_secret');
    expect(mistakeOf(signed({ secrets: [] }))).toBe('wrong_secret');
    const bare = SECRET.slice('whsec_'.length);
    expect(mistakeOf(signed({ secrets: bare }))).toBe('wrong_secret');
    expect(() => verifyWebhook(signed({ secrets: bare }))).toThrow(/whsec_/);
  });

  it('wrong_secret: what was signed was changed', () => {
    expect(mistakeOf(signed({ body: BODY.replace('1234', '9999') }))).toBe('wrong_secret');
    const headers = { ...HEADERS, 'webhook-id': 'evt_2' };
    expect(mistakeOf(signed({ headers }))).toBe('wrong_secret');
    expect(mistakeOf(signed({ body: 'not json' }))).toBe('wrong_secret');
    expect(mistakeOf(signed({ body: '' }))).toBe('wrong_secret');
  });

  it('stale_timestamp: a true webhook that is too old, or from the future', () => {
    const away = (ms: number) => signed({ now: new Date(NOW.getTime() + ms) });
    expect(mistakeOf(away(300_000))).toBe('none');
    expect(mistakeOf(away(301_000))).toBe('stale_timestamp');
    expect(mistakeOf(away(-301_000))).toBe('stale_timestamp');
    expect(mistakeOf({ ...away(3_600_000), tolerance_s: 7_200 })).toBe('none');
  });

  it('malformed_signature: nothing in the header is a signature', () => {
    for (const signature of ['x', 'v1', 'v1,', 'v1,AAAA', `v9,${macOf(BODY)}`, macOf(BODY)]) {
      const headers = { ...HEADERS, 'webhook-signature': signature };
      expect(mistakeOf(signed({ headers }))).toBe('malformed_signature');
    }
  });
});
