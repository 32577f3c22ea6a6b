import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readCertificate } from './certificates.ts';
import { decodeForm, type Message, messageOf } from './message.ts';
import { digestOf, signMessage, textToSign, verifyMessage } from './signature.ts';

/** A notice that UnionPay's own demo shows, signed by its test environment in 2018. */
const PUBLISHED = [
  'accNo=6221558812340000&accessType=0&bizType=000201&currencyCode=156&encoding=utf-8',
  '&merId=700000000000001&orderId=201807251814000000175473&queryId=951807261002324791038',
  '&respCode=00&respMsg=%E6%88%90%E5%8A%9F%5B0000000%5D&settleAmt=136&settleCurrencyCode=156',
  '&settleDate=0726&signMethod=01&signPubKeyCert=-----BEGIN+CERTIFICATE-----%0D%0A',
  'MIIEQzCCAyugAwIBAgIFEBJJZVgwDQYJKoZIhvcNAQEFBQAwWDELMAkGA1UEBhMC%0D%0A',
  'Q04xMDAuBgNVBAoTJ0NoaW5hIEZpbmFuY2lhbCBDZXJ0aWZpY2F0aW9uIEF1dGhv%0D%0A',
  'cml0eTEXMBUGA1UEAxMOQ0ZDQSBURVNUIE9DQTEwHhcNMTcxMTAxMDcyNDA4WhcN%0D%0A',
  'MjAxMTAxMDcyNDA4WjB3MQswCQYDVQQGEwJjbjESMBAGA1UEChMJQ0ZDQSBPQ0Ex%0D%0A',
  'MQ4wDAYDVQQLEwVDVVBSQTEUMBIGA1UECxMLRW50ZXJwcmlzZXMxLjAsBgNVBAMU%0D%0A',
  'JTA0MUBaMjAxNy0xMS0xQDAwMDQwMDAwOlNJR05AMDAwMDAwMDEwggEiMA0GCSqG%0D%0A',
  'SIb3DQEBAQUAA4IBDwAwggEKAoIBAQDDIWO6AESrg%2B34HgbU9mSpgef0sl6avr1d%0D%0A',
  'bD%2FIjjZYM63SoQi3CZHZUyoyzBKodRzowJrwXmd%2BhCmdcIfavdvfwi6x%2BptJNp9d%0D%0A',
  'EtpfEAnJk%2B4quriQFj1dNiv6uP8ARgn07UMhgdYB7D8aA1j77Yk1ROx7%2BLFeo7rZ%0D%0A',
  'Ddde2U1opPxjIqOPqiPno78JMXpFn7LiGPXu75bwY2rYIGEEImnypgiYuW1vo9UO%0D%0A',
  'G47NMWTnsIdy68FquPSw5FKp5foL825GNX3oJSZui8d2UDkMLBasf06Jz0JKz5AV%0D%0A',
  'blaI%2Bs24%2FiCfo8r%2B6WaCs8e6BDkaijJkR%2FbvRCQeQpbX3V8WoTLVAgMBAAGjgfQw%0D%0A',
  'gfEwHwYDVR0jBBgwFoAUz3CdYeudfC6498sCQPcJnf4zdIAwSAYDVR0gBEEwPzA9%0D%0A',
  'BghggRyG7yoBATAxMC8GCCsGAQUFBwIBFiNodHRwOi8vd3d3LmNmY2EuY29tLmNu%0D%0A',
  'L3VzL3VzLTE0Lmh0bTA5BgNVHR8EMjAwMC6gLKAqhihodHRwOi8vdWNybC5jZmNh%0D%0A',
  'LmNvbS5jbi9SU0EvY3JsMjQ4NzIuY3JsMAsGA1UdDwQEAwID6DAdBgNVHQ4EFgQU%0D%0A',
  'mQQLyuqYjES7qKO%2BzOkzEbvdFwgwHQYDVR0lBBYwFAYIKwYBBQUHAwIGCCsGAQUF%0D%0A',
  'BwMEMA0GCSqGSIb3DQEBBQUAA4IBAQAujhBuOcuxA%2BVzoUH84uoFt5aaBM3vGlpW%0D%0A',
  'KVMz6BUsLbIpp1ho5h%2BLaMnxMs6jdXXDh%2Fdu8X5SKMaIddiLw7ujZy1LibKy2jYi%0D%0A',
  'YYfs3tbZ0ffCKQtv78vCgC%2BIxUUurALY4w58fRLLdu8u8p9jyRFHsQEwSq%2BW5%2BbP%0D%0A',
  'MTh2w7cDd9h%2B6KoCN6AMI1Ly7MxRIhCbNBL9bzaxF9B5GK86ARY7ixkuDCEl4XCF%0D%0A',
  'JGxeoye9R46NqZ6AA%2Fk97mJun%2F%2FgmUjStmb9PUXA59fR5suAB5o%2F5lBySZ8UXkrI%0D%0A',
  'pp%2FiLT8vIl1hNgLh0Ghs7DBSx99I%2BS3VuUzjHNxL6fGRhlix7Rb8%0D%0A',
  '-----END+CERTIFICATE-----&traceNo=479103&traceTime=0726100232&txnAmt=136&txnSubType=01',
  '&txnTime=20180726100232&txnType=01&version=5.1.0&signature=',
  'Q%2FusKVYN70HrAun5WFUvYpDeE3NtRb0gC3lL38qXrIMIGbutpECmjI%2BuB5X9GQbkPcJreRVz%2Bb9ZErH2L3alPsVU',
  'itgDY3gZLnLRqEmiIreHAG4Th%2FeOml626aNPiAJtjjCMbmmMzilLUrakcpK0zVREjaB%2BsMF2XYVbIAegzHgy1CQg',
  'jyEImarx92zchzesmpA%2F3JA%2BK0h937B%2Fx1gFvmL0POcO4RpVI%2Fkb%2FxU5TjM2fQlZkFKX40dQrQB6EPjNx',
  'nqwZ3eVm4p2Q8L1llZyiat9wq91CU9Ku7X5dIQDbE5JleWzNlC0ikkRVoxWnqkIFlGeP2%2BITk9%2BHEtI%2B0uHuA',
  '%3D%3D',
].join('');

function published(): Message {
  const message = decodeForm(PUBLISHED);
  if (!message) throw new Error('the published notice does not decode');
  return message;
}

const theirKey = readCertificate(published().get('signPubKeyCert') ?? '').publicKey;
const own = generateKeyPairSync('rsa', { modulusLength: 2048 });

describe('the notice that UnionPay published', () => {
  test('verifies under the certificate it carries', () => {
    expect(verifyMessage(theirKey, published())).toBe(true);
  });

  test('verifies in any order of its fields, and with empty ones added', () => {
    const shuffled = new Map([...published()].reverse());
    expect(verifyMessage(theirKey, new Map([...shuffled, ['reqReserved', '']]))).toBe(true);
  });

  test.each([...published().keys()])('does not verify without %s, or with another', (name) => {
    const without = new Map(published());
    without.delete(name);
    expect(verifyMessage(theirKey, without)).toBe(false);
    expect(verifyMessage(theirKey, new Map([...published(), [name, 'x']]))).toBe(false);
  });

  test('does not verify with a field more, or line ends changed in the certificate', () => {
    expect(verifyMessage(theirKey, new Map([...published(), ['x', '1']]))).toBe(false);
    const pem = (published().get('signPubKeyCert') ?? '').replaceAll('\r\n', '\n');
    expect(verifyMessage(theirKey, new Map([...published(), ['signPubKeyCert', pem]]))).toBe(false);
  });
});

describe('a signature of ours', () => {
  const fields = { orderId: 'ORDER001', txnAmt: '100', merId: '777290058110048', empty: '' };

  test('covers the sorted text without signature and empty values', () => {
    expect(textToSign(new Map(Object.entries({ ...fields, signature: 'x' })))).toBe(
      'merId=777290058110048&orderId=ORDER001&txnAmt=100',
    );
  });

  test('signs the hex of the digest, lower case: our own vector', () => {
    const text = 'merId=777290058110048&orderId=ORDER001&txnAmt=100';
    // As `printf %s "$text" | sha256sum` prints it.
    expect(digestOf(text)).toBe('17357ffae8c250b747c935e45f2788ee874baa45a79f15f3e276232528e1f866');
    const byHand = sign('sha256', Buffer.from(digestOf(text)), own.privateKey).toString('base64');
    const message = new Map([...messageOf(fields), ['signature', byHand]]);
    expect(verifyMessage(own.publicKey, message)).toBe(true);
  });

  test('comes back from signing and verifies, with blanks and Chinese in values', async () => {
    const message = messageOf({ ...fields, respMsg: '成功[0000000] = {a=1&b=2}', note: ' a ' });
    const signed = await signMessage(own.privateKey, message);
    expect(verifyMessage(own.publicKey, signed)).toBe(true);
    expect(verifyMessage(theirKey, signed)).toBe(false);
  });

  test('over the text itself, in upper case, or written in another base64 does not verify', async () => {
    const message = messageOf(fields);
    const text = textToSign(message);
    const wrong = [text, digestOf(text).toUpperCase()].map((each) =>
      sign('sha256', Buffer.from(each), own.privateKey).toString('base64'),
    );
    const good = (await signMessage(own.privateKey, message)).get('signature') ?? '';
    const others = [
      ...wrong,
      `${good} `,
      `${good}=`,
      good.replace(/=+$/, ''),
      good.replaceAll('+', '-').replaceAll('/', '_') + (/[+/]/.test(good) ? '' : '!'),
      `${good}\n`,
      'A'.repeat(2000),
      '',
    ];
    for (const signature of others) {
      const told = new Map([...message, ['signature', signature]] as const);
      expect(verifyMessage(own.publicKey, told), signature.slice(0, 40)).toBe(false);
    }
  });
});
