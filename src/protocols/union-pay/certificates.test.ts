import { beforeAll, describe, expect, test } from 'vitest';
import { type Issued, issueCertificate, newRsaKey } from '../../sandbox/certificates.ts';
import {
  certIdOf,
  isKeyOf,
  judgeSigner,
  readCertificate,
  readPrivateKey,
  type TrustStore,
} from './certificates.ts';

const NOW = new Date('2026-11-21T04:00:00Z');
const DAY = 86_400_000;
const NAME = { C: 'CN', O: 'CFCA OCA1', CN: '041@8310000000083040@中国银联股份有限公司@00016494' };

interface Wanted {
  readonly CN?: string;
  readonly from?: number;
  readonly to?: number;
  readonly issuer?: Issued;
  readonly authority?: boolean;
  readonly serial?: string;
}

/** Making keys takes most of the time: the chain has its own, the others take turns. */
const CHAIN = 3;
const TURNS = 4;
let keys: readonly string[] = [];
let issued = 0;

function issue({ CN = NAME.CN, from = -1, to = 100, serial = '1234', ...rest }: Wanted) {
  const private_key = keys[issued < CHAIN ? issued : CHAIN + (issued % TURNS)] ?? '';
  issued += 1;
  return issueCertificate({
    ...rest,
    private_key,
    subject: { ...NAME, CN },
    serial,
    not_before: new Date(NOW.getTime() + from * DAY),
    not_after: new Date(NOW.getTime() + to * DAY),
  });
}

let root: Issued;
let middle: Issued;
let leaf: Issued;
let store: TrustStore;

function trust(test_signer = false, of: Partial<Record<'root' | 'middle', Issued>> = {}) {
  return {
    root: readCertificate((of.root ?? root).certificate),
    middle: readCertificate((of.middle ?? middle).certificate),
    test_signer,
  };
}

beforeAll(async () => {
  keys = await Promise.all(Array.from({ length: CHAIN + TURNS }, newRsaKey));
  root = await issue({ CN: 'Root', authority: true, to: 1000 });
  middle = await issue({ CN: 'Middle', authority: true, issuer: root, to: 500 });
  leaf = await issue({ issuer: middle });
  store = trust();
});

function reasonFor(certificate: string, now = NOW, by = store): string {
  const verdict = judgeSigner(by, certificate, now);
  return verdict.ok ? 'ok' : verdict.reason;
}

describe('the certificate in a message', () => {
  test('is believed on the chain that the merchant holds, until it ends', () => {
    const verdict = judgeSigner(store, leaf.certificate, NOW);
    expect(verdict).toMatchObject({ ok: true, valid_until: new Date(NOW.getTime() + 100 * DAY) });
    expect(reasonFor(leaf.certificate.replaceAll('\n', '\r\n'))).toBe('ok');
    expect(reasonFor(leaf.certificate.replace(/-----[^-]+-----/g, ''))).toBe('ok');
  });

  test('is refused before its time, after it, and after that of those above it', async () => {
    expect(reasonFor(leaf.certificate, new Date(NOW.getTime() - 2 * DAY))).toBe('expired');
    expect(reasonFor(leaf.certificate, new Date(NOW.getTime() + 100 * DAY))).toBe('expired');
    const long = await issue({ issuer: middle, to: 2000 });
    expect(reasonFor(long.certificate, new Date(NOW.getTime() + 400 * DAY))).toBe('ok');
    expect(reasonFor(long.certificate, new Date(NOW.getTime() + 600 * DAY))).toBe('expired');
  });

  test('of another authority with the same names is refused', async () => {
    const root2 = await issue({ CN: 'Root', authority: true, to: 1000 });
    const middle2 = await issue({ CN: 'Middle', authority: true, issuer: root2, to: 500 });
    const forged = await issue({ issuer: middle2 });
    expect(reasonFor(forged.certificate)).toBe('chain');
    expect(reasonFor(leaf.certificate, NOW, trust(false, { root: root2 }))).toBe('chain');
    expect(reasonFor(leaf.certificate, NOW, trust(false, { middle: middle2 }))).toBe('chain');
  });

  test('that signed itself, or was signed by a mere signer, is refused', async () => {
    const self = await issue({});
    expect(reasonFor(self.certificate)).toBe('chain');
    const below = await issue({ issuer: leaf });
    expect(reasonFor(below.certificate)).toBe('chain');
    const chain = trust(false, { middle: leaf });
    expect(reasonFor(below.certificate, NOW, chain)).toBe('chain');
  });

  test('of the authorities themselves never signs messages', () => {
    expect(reasonFor(middle.certificate)).toBe('chain');
    expect(reasonFor(root.certificate)).toBe('chain');
  });

  test.each([
    '041@777290058110048@胡同集市@00000002',
    '中国银联股份有限公司',
    '041@1@中国银联股份有限公司',
    '041@1@中国银联股份有限公司@',
    '042@1@中国银联股份有限公司@1',
    '041@1@x@中国银联股份有限公司@1',
    '041@1@中国银联股份有限公司@1@2',
    'x041@1@中国银联股份有限公司@1',
    '041@Z2017-11-1@00040000:SIGN@00000001',
  ])('of the same authority but of %s is not UnionPay’s', async (CN) => {
    const other = await issue({ CN, issuer: middle });
    expect(reasonFor(other.certificate)).toBe('name');
  });

  test('of the test environment counts only where that was said', async () => {
    const tester = await issue({ CN: '041@Z2017-11-1@00040000:SIGN@00000001', issuer: middle });
    expect(reasonFor(tester.certificate, NOW, trust(true))).toBe('ok');
  });

  test('that is none, cut, a key, or far too long is refused', () => {
    const { certificate, private_key } = leaf;
    for (const text of [
      '',
      ' ',
      'MIIB',
      '{}',
      certificate.slice(0, 400),
      private_key,
      certificate + private_key,
      'A'.repeat(100_000),
      `-----BEGIN CERTIFICATE-----\n${'\u0000'.repeat(50)}\n-----END CERTIFICATE-----`,
    ]) {
      expect(reasonFor(text), text.slice(0, 30)).toBe('malformed');
    }
  });
});

test('certId is the serial number in decimal, however large', async () => {
  const made = await issue({ issuer: middle, serial: '1036478b00a5a5a5a5a5a5' });
  expect(certIdOf(readCertificate(made.certificate))).toBe(
    BigInt('0x1036478b00a5a5a5a5a5a5').toString(),
  );
  const [high] = [await issue({ issuer: middle, serial: 'ff01' })];
  expect(certIdOf(readCertificate(high.certificate))).toBe('65281');
});

test('a key is matched with its certificate, and what is no key says so', () => {
  const key = readPrivateKey(leaf.private_key);
  expect(isKeyOf(readCertificate(leaf.certificate), key)).toBe(true);
  expect(isKeyOf(readCertificate(middle.certificate), key)).toBe(false);
  expect(() => readPrivateKey(leaf.certificate)).toThrow('this is a certificate');
  expect(() => readPrivateKey('secret')).toThrow('no unencrypted private key');
  expect(() => readCertificate(leaf.private_key)).toThrow('this is a private key');
});
