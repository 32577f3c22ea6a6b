import { createPrivateKey } from 'node:crypto';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refusal } from '../../errors.ts';
import { readCertificate } from '../../protocols/union-pay/certificates.ts';
import { readPfx } from './pfx.ts';
import { type Bench, openBench } from './testing.ts';

/** The file of UnionPay's merchant site, in its old ciphers and in today's. */
const PASSWORD = '000000';

let on: Bench;
let pem: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  on = await openBench();
  pem = on.account.credentials;
});
afterAll(() => on.stop());

interface Choice {
  readonly algorithm?: '3des' | 'aes128' | 'aes256';
  readonly key?: string;
  readonly certificates?: readonly string[];
  readonly count?: number;
}

function der(choice: Choice = {}): string {
  const pkcs1 = createPrivateKey(choice.key ?? pem['private_key'] ?? '').export({
    type: 'pkcs1',
    format: 'pem',
  });
  const chain = choice.certificates ?? [pem['certificate'] ?? ''];
  const pfx = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(pkcs1.toString()),
    chain.map((each) => forge.pki.certificateFromPem(each)),
    PASSWORD,
    { algorithm: choice.algorithm ?? '3des', count: choice.count ?? 2048 },
  );
  return forge.asn1.toDer(pfx).getBytes();
}

const pfxOf = (choice?: Choice) => forge.util.encode64(der(choice));

describe('a PFX file opens', () => {
  test.each(['3des', 'aes128', 'aes256'] as const)('under %s', (algorithm) => {
    const { private_key, certificate } = readPfx(pfxOf({ algorithm }), PASSWORD);
    expect(private_key.equals(createPrivateKey(pem['private_key'] ?? ''))).toBe(true);
    expect(certificate.raw.equals(readCertificate(pem['certificate'] ?? '').raw)).toBe(true);
  });

  test('with the authorities’ certificates before ours, and lines in its base64', () => {
    const certificates = ['root_certificate', 'middle_certificate', 'certificate'];
    const text = pfxOf({ certificates: certificates.map((name) => pem[name] ?? '') });
    const wrapped = text.replace(/(.{64})/g, '$1\n');
    const { certificate } = readPfx(`${wrapped}\n`, PASSWORD);
    expect(certificate.raw.equals(readCertificate(pem['certificate'] ?? '').raw)).toBe(true);
  });

  test('and an account with one signs as with PEM', async () => {
    const { root_certificate = '', middle_certificate = '' } = pem;
    const credentials = {
      pfx: pfxOf(),
      pfx_password: PASSWORD,
      root_certificate,
      middle_certificate,
    };
    const { settings } = on.account;
    const parsed = on.wallet.parseAccount({ settings, credentials });
    expect(Object.keys(parsed.credentials).sort()).toEqual(Object.keys(credentials).sort());
    const account = { ...on.account, credentials };
    const made = await on.wallet.createPayment(account, on.order());
    expect(made.kind).toBe('presented');
    const checks = await on.wallet.checkCredentials(account);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });
});

describe('a PFX file that does not open says why', () => {
  test.each<[string, () => string, RegExp, string?]>([
    ['another password', () => pfxOf(), /password/, 'wrong'],
    ['no password', () => pfxOf(), /password/, ''],
    ['bytes, not base64', () => der(), /base64/],
    ['a part of it', () => pfxOf().slice(0, 400), /cut|no PFX/],
    ['base64 of base64', () => Buffer.from(pfxOf()).toString('base64'), /twice/],
    ['PEM instead', () => pem['certificate'] ?? '', /base64/],
    ['nothing', () => '', /base64/],
    [
      'only another’s certificate',
      () => pfxOf({ certificates: [pem['middle_certificate'] ?? ''] }),
      /lacks the certificate/,
    ],
  ])('%s', (_what, file, said, password = PASSWORD) => {
    expect(() => readPfx(file(), password)).toThrow(said);
  });

  test.each(['indexOf', 'lastIndexOf'] as const)(
    'one that wants years of work is not begun (%s)',
    (where) => {
      const bytes = Buffer.from(der({ count: 70_000 }), 'latin1');
      const rounds = Buffer.from('0203011170', 'hex');
      // The key's come first, the seal's last.
      Buffer.from('02037fffff', 'hex').copy(bytes, bytes[where](rounds));
      const started = performance.now();
      expect(() => readPfx(bytes.toString('base64'), PASSWORD)).toThrow(/absurd/);
      expect(performance.now() - started).toBeLessThan(1000);
    },
  );

  test('nor one that hides the work inside a part that is locked', () => {
    const { Class, Type } = forge.asn1;
    const sequence = (...parts: forge.asn1.Asn1[]) =>
      forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts);
    const oid = (name: string) => {
      const bytes = forge.asn1.oidToDer(forge.pki.oids[name] ?? '').getBytes();
      return forge.asn1.create(Class.UNIVERSAL, Type.OID, false, bytes);
    };
    const context = (constructed: boolean, value: forge.asn1.Asn1[] | string) =>
      forge.asn1.create(Class.CONTEXT_SPECIFIC, 0 as forge.asn1.Type, constructed, value);
    const number = (value: string) =>
      forge.asn1.create(Class.UNIVERSAL, Type.INTEGER, false, value);
    const options = { algorithm: 'aes128', count: 2048 } as const;
    const lock = (inner: forge.asn1.Asn1) =>
      forge.pki.encryptPrivateKeyInfo(inner, PASSWORD, options);

    const years = number(forge.asn1.integerToDer(2_000_000_000).getBytes());
    const salt = forge.asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, 'saltsalt');
    const shrouded = sequence(sequence(oid('data'), sequence(salt, years)), salt);
    const bag = sequence(oid('pkcs8ShroudedKeyBag'), context(true, [shrouded]));
    const [algorithm, content] = lock(sequence(bag)).value as forge.asn1.Asn1[];
    if (!algorithm) throw new Error('no algorithm');
    const locked = sequence(oid('data'), algorithm, context(false, String(content?.value)));
    const safe = sequence(
      sequence(oid('encryptedData'), context(true, [sequence(number('\0'), locked)])),
    );
    const inside = forge.asn1.create(
      Class.UNIVERSAL,
      Type.OCTETSTRING,
      false,
      forge.asn1.toDer(safe).getBytes(),
    );
    const pfx = sequence(number('\x03'), sequence(oid('data'), context(true, [inside])));
    const text = forge.util.encode64(forge.asn1.toDer(pfx).getBytes());
    expect(() => readPfx(text, PASSWORD)).toThrow(/absurd/);
    expect(() => readPfx(text, 'another')).toThrow(/cannot be read|password/);
  });

  test('any change of its bytes is an error of ours, quickly', () => {
    const bytes = Buffer.from(pfxOf(), 'base64');
    const started = performance.now();
    for (let at = 0; at < bytes.length; at += 97) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x41;
      try {
        readPfx(changed.toString('base64'), PASSWORD);
      } catch (error) {
        expect(error, `byte ${at}`).toMatchObject({ name: 'UnionPayKeyError' });
      }
    }
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('and the account names the credential without telling it', () => {
    const { root_certificate, middle_certificate } = pem;
    const pfx = { pfx: pfxOf(), pfx_password: 'not-this-one' };
    const rest = { ...pfx, root_certificate, middle_certificate };
    const parse = () =>
      on.wallet.parseAccount({ settings: on.account.settings, credentials: rest });
    expect(parse).toThrow(Refusal);
    expect(parse).toThrow(/credentials\.pfx: the password/);
    expect(parse).not.toThrow(/not-this-one/);
  });
});
