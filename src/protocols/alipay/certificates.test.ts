import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  certificateKey,
  certificateSn,
  chainProblem,
  isSignedByRsa,
  parseCertificates,
  rootCertificateSn,
} from './certificates.ts';

/** Certificates that Alipay issued, as its own SDKs publish them for tests, with their numbers. */
function vector(name: string) {
  const url = new URL(`./vectors/${name}.crt`, import.meta.url);
  return parseCertificates(readFileSync(url, 'utf8'));
}

const APP = vector('app-certificate');
const ALIPAY = vector('alipay-certificate');
const ROOTS = vector('root-certificates');

describe('numbers of certificates', () => {
  test('are those that Alipay and its SDKs compute', () => {
    expect(APP.map(certificateSn)).toEqual(['866efef280dec9137a87d047ac446315']);
    expect(ALIPAY.map(certificateSn)).toEqual(['7513daaaa48aa3ba2e4018d84402479c']);
  });

  test('of a bundle leave SM2 and ECDSA roots out', () => {
    expect(ROOTS.map(isSignedByRsa)).toEqual([false, true, false, true]);
    expect(rootCertificateSn(ROOTS)).toBe(
      '687b59193f3f462dd5336e5abf83c5d8_02941eef3187dddf3d3b83462e1dfcf6',
    );
  });
});

describe('parseCertificates', () => {
  test('says what is wrong with a text that is none', () => {
    expect(() => parseCertificates('hello')).toThrow('no PEM certificate');
    const cut = APP[0]?.toString().replace(/\n[^-\n]+\n-----END/, '\n-----END') ?? '';
    expect(() => parseCertificates(cut)).toThrow('does not parse');
  });

  test('a key that is not RSA is named, not used', () => {
    const [sm2, , ecdsa] = ROOTS;
    if (!sm2 || !ecdsa) throw new Error('the bundle has four');
    expect(() => certificateKey(sm2)).toThrow(/known here|not RSA/);
    expect(() => certificateKey(ecdsa)).toThrow('not RSA');
  });
});

describe('chainProblem', () => {
  const at = new Date('2021-01-01T00:00:00Z');

  test('a leaf without the authority between it and the root leads nowhere', () => {
    expect(chainProblem({ chain: APP, roots: ROOTS, at })).toContain('does not lead');
  });

  test('a root leads to itself while it is in force', () => {
    const root = ROOTS.slice(1, 2);
    expect(chainProblem({ chain: root, roots: ROOTS, at })).toBeUndefined();
    expect(chainProblem({ chain: root, roots: [], at })).toContain('does not lead');
    const late = new Date('2040-01-01T00:00:00Z');
    expect(chainProblem({ chain: root, roots: ROOTS, at: late })).toContain('not in force');
  });
});
