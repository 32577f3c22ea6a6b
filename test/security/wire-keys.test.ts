import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { shanghaiTime } from '../../src/clock.ts';
import { signAnswer } from '../../src/protocols/douyin-pay/signature.ts';
import { sealCertificate } from '../../src/protocols/wechat-pay/certificates.ts';
import { encryptResource } from '../../src/protocols/wechat-pay/resource.ts';
import {
  answerMessage,
  newNonce,
  rsaSign,
  signatureHeaders,
  unixSeconds,
} from '../../src/protocols/wechat-pay/signature.ts';
import { type Issued, issueCertificate } from '../../src/sandbox/certificates.ts';
import type { WalletAccount } from '../../src/wallets/wallet.ts';
import { type Between, mouthOf, standBetween, type Told } from './wire/between.ts';
import { heldBeyond, settledHeap } from './wire/memory.ts';
import { startWire, type Wire } from './wire/rig.ts';

/** Downloads of the wallet’s keys that are lies: nothing is believed by them, nothing is kept. */
const DAY_MS = 86_400_000;
const NAMES = ['wechat_pay', 'douyin_pay'] as const;
type Name = (typeof NAMES)[number];

interface Bench {
  readonly wire: Wire;
  readonly between: Between;
  /** Under which the wallet hides its certificates from others. */
  readonly secret: string;
  /** An order that was paid: a believed answer says so. */
  readonly paid: string;
}
const benches = new Map<Name, Bench>();
let stranger: Issued;
let expired: Issued;
let young: Issued;

const roleOf = (name: Name) => (name === 'wechat_pay' ? { role: 'certificate' } : {});

let serials = 0x41_00_00_00_00_00_00_01n;

function issued(from: number, to: number): Promise<Issued> {
  serials += 1n;
  const at = (days: number) => new Date(Date.now() + days * DAY_MS);
  const subject = { C: 'CN', CN: 'Somebody' };
  const serial = serials.toString(16);
  return issueCertificate({ subject, serial, not_before: at(from), not_after: at(to) });
}

beforeAll(async () => {
  stranger = await issued(-1, 1);
  expired = await issued(-9, -1);
  young = await issued(2, 9);
  for (const name of NAMES) {
    const wire = await startWire(name);
    const account = wire.account(roleOf(name));
    const secret = account.credentials[name === 'wechat_pay' ? 'api_v3_key' : 'encrypt_key'] ?? '';
    const between = await standBetween(wire);
    benches.set(name, { wire, between, secret, paid: await paidUnder(wire, account) });
  }
});

/** An order of this very merchant, paid by Lin. */
async function paidUnder(wire: Wire, account: WalletAccount): Promise<string> {
  const order = wire.order();
  const made = await wire.wallet.createPayment(account, order);
  if (made.kind !== 'presented' || made.presentation.kind !== 'qr') throw new Error('no code');
  const { id } = await wire.sandbox.scan('lin', made.presentation.qr);
  await wire.sandbox.confirm(id, 'pay');
  return order.wallet_reference;
}

function benchOf(name: Name): Bench {
  const bench = benches.get(name);
  if (!bench) throw new Error(`${name} did not start`);
  return bench;
}

const serialOf = ({ certificate }: Issued) => new X509Certificate(certificate).serialNumber;

interface Sealing {
  readonly secret: string;
  readonly associated_data?: string;
}

/** One row of the list, as the wallet writes it; `text` need not be a certificate. */
function rowOf(name: Name, text: string, serial: string, { secret, associated_data }: Sealing) {
  const effective_time = shanghaiTime(new Date(Date.now() - DAY_MS));
  const expire_time = shanghaiTime(new Date(Date.now() + DAY_MS));
  const times = { effective_time, expire_time };
  const hidden = encryptResource({
    key: secret,
    plaintext: text,
    associated_data: associated_data ?? '',
  });
  if (name === 'douyin_pay') {
    const { algorithm, ciphertext, nonce } = hidden;
    const encrypt_certificate = { algorithm, ciphertext, nonce };
    return { cert_no: serial, cert_type: 'RSA', ...times, encrypt_certificate };
  }
  const row = sealCertificate({ pem: text, serial_no: serial, ...times, api_v3_key: secret });
  if (associated_data === undefined) return row;
  // Said as the wallet says it, sealed as somebody else did.
  return { ...row, encrypt_certificate: { ...hidden, associated_data: 'certificate' } };
}

function listOf(name: Name, rows: unknown): object {
  return name === 'wechat_pay' ? { data: rows } : { certificates: rows };
}

async function signatureOf(name: Name, body: Buffer, signer: Issued) {
  const key: KeyObject = createPrivateKey(signer.private_key);
  const serial = serialOf(signer);
  const now = new Date();
  if (name === 'douyin_pay') return signAnswer({ serial, key }, { body, now });
  const parts = { timestamp: unixSeconds(now), nonce: newNonce() };
  const signature = await rsaSign(key, answerMessage({ ...parts, body }));
  return signatureHeaders({ ...parts, serial, signature });
}

/** An answer with this body under this key. */
async function signed(name: Name, told: Told, body: Buffer, signer: Issued): Promise<Told> {
  const made = Object.entries(await signatureOf(name, body, signer));
  const lower = Object.fromEntries(made.map(([header, value]) => [header.toLowerCase(), value]));
  return { status: 200, headers: { ...told.headers, ...lower }, body };
}

/** Asks for the paid order while all answers are of `signer`, and the list of keys is this one. */
async function asked(
  name: Name,
  list: Buffer | object,
  signer: Issued,
  list_signer = signer,
): Promise<string> {
  const { wire, between, paid } = benchOf(name);
  const body = Buffer.isBuffer(list) ? list : Buffer.from(JSON.stringify(list));
  between.twist = (told, { target }) =>
    /certificates/i.test(target)
      ? signed(name, told, body, list_signer)
      : signed(name, told, told.body, signer);
  const wallet = wire.connector();
  const id = `wac_${between.heard.length}`;
  const account = wire.account({ url: between.url, id, ...roleOf(name) });
  const outcome = await wallet
    .queryPayment(account, paid)
    .catch((error: unknown) => ({ kind: `threw ${String(error)}` }));
  wallet.stop();
  between.twist = undefined;
  return outcome.kind;
}

const UNTOLD: readonly (readonly [string, Buffer])[] = [
  ['no JSON', Buffer.from('<html>')],
  ['noise', Buffer.alloc(3_000, 0xff)],
  ['nested without end', Buffer.from('['.repeat(100_000))],
  ['larger than any list', Buffer.alloc(600_000, ' ')],
];

describe.each(NAMES)('certificates of %s that are', (name) => {
  const sealed = (text: string, serial: string, more: Partial<Sealing> = {}) =>
    rowOf(name, text, serial, { secret: benchOf(name).secret, ...more });
  const row = (one: Issued, more: Partial<Sealing> = {}) =>
    sealed(one.certificate, serialOf(one), more);

  test('handed out under the merchant’s own key count: these tests can tell', async () => {
    expect(await asked(name, listOf(name, [row(stranger)]), stranger)).toBe('fact');
  });

  const own = () => serialOf(stranger);
  const rows: readonly (readonly [string, () => unknown])[] = [
    ['sealed under another key', () => [row(stranger, { secret: 'x'.repeat(32) })]],
    ['sealed with other associated data', () => [row(stranger, { associated_data: 'somebody' })]],
    ['no certificates', () => [sealed('not a certificate', own())]],
    ['private keys', () => [sealed(stranger.private_key, own())]],
    ['cut at their start', () => [sealed(stranger.certificate.slice(40), own())]],
    ['cut at their end', () => [sealed(stranger.certificate.slice(0, -200), own())]],
    ['over', () => [row(expired)]],
    ['not yet good', () => [row(young)]],
    ['a thousand', () => Array.from({ length: 1_000 }, () => row(stranger))],
    ['none', () => []],
    ['an object', () => ({ 0: row(stranger) })],
    ['null', () => null],
    ['rows of nothing', () => [null, 1, 'x', [], {}]],
    ['named by paths', () => [sealed('x', '../../../etc/passwd')]],
  ];

  test.each(rows)('%s prove nothing', async (what, make) => {
    const signer = { over: expired, 'not yet good': young }[what] ?? stranger;
    expect(await asked(name, listOf(name, make()), signer)).toBe('unknown');
  });

  test.each(UNTOLD)('%s prove nothing either', async (_what, list) => {
    expect(await asked(name, list, stranger)).toBe('unknown');
  });

  test('signed by another than they hand out prove nothing', async () => {
    const other = await issued(-1, 1);
    expect(await asked(name, listOf(name, [row(stranger)]), stranger, other)).toBe('unknown');
  });

  test('asked for again and again leave nothing behind', async () => {
    const list = listOf(
      name,
      Array.from({ length: 20 }, () => row(expired)),
    );
    const before = await settledHeap();
    for (let nth = 0; nth < 15; nth += 1) await asked(name, list, stranger);
    expect(await heldBeyond(before, 16 * 1024 * 1024)).toBeLessThan(16 * 1024 * 1024);
  });
});

const base64 = (text: string) => Buffer.from(text).toString('base64');
const CONTENTS: Readonly<Record<string, () => string>> = {
  nothing: () => '',
  'no base64': () => '%%%',
  noise: () => Buffer.alloc(2_000, 0xff).toString('base64'),
  'no certificate': () => base64('hello'),
  'an endless text': () => 'A'.repeat(500_000),
  'an endless line': () => base64(`-----BEGIN CERTIFICATE-----${'A'.repeat(300_000)}`),
  'opened again and again': () => base64('-----BEGIN CERTIFICATE-----'.repeat(9_000)),
  'of another authority': () => base64(stranger.certificate),
  'one of a thousand': () => base64(stranger.certificate.repeat(600)),
};

describe('a certificate of Alipay that is', () => {
  let wire: Wire;
  let between: Between;
  beforeAll(async () => {
    wire = await startWire('alipay');
    between = await standBetween(wire);
  });

  test.each(Object.keys(CONTENTS))('%s proves nothing', async (what) => {
    const mouth = mouthOf(wire);
    const alipay_cert_content = CONTENTS[what]?.() ?? '';
    between.twist = async (told, { body, ...rest }) => {
      if (!body.includes('alipaycert.download')) {
        const unknown = `"alipay_cert_sn":"${'ab'.repeat(16)}"`;
        const text = told.body.toString('utf8').replace(/"alipay_cert_sn":"\w+"/, unknown);
        return { ...told, body: Buffer.from(text) };
      }
      const fields = { code: '10000', msg: 'Success', alipay_cert_content };
      return mouth.say(fields, told, { body, ...rest });
    };
    const wallet = wire.connector();
    const account = wire.account({ url: between.url, role: 'certificate', id: 'wac_key' });
    const started = performance.now();
    expect((await wallet.queryPayment(account, 'NOSUCHORDER00000')).kind).toBe('unknown');
    expect(performance.now() - started).toBeLessThan(2_000);
    wallet.stop();
    between.twist = undefined;
  });
});
