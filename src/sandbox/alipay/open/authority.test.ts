import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  certificateSn,
  chainProblem,
  isSignedByRsa,
  parseCertificates,
} from '../../../protocols/alipay/certificates.ts';
import { issueCertificate } from '../../certificates.ts';
import { type Authority, openAuthority, ROOTS_FILE } from './authority.ts';

const AT = new Date('2026-06-01T00:00:00Z');
let keys_dir: string;
let authority: Authority;

beforeAll(async () => {
  keys_dir = await mkdtemp(join(tmpdir(), 'hutong-authority-'));
  authority = await openAuthority(keys_dir, AT);
});

afterAll(() => rm(keys_dir, { recursive: true, force: true }));

describe('the authority of a sandbox', () => {
  test('publishes an elliptic and an RSA root, each a good certificate of itself', async () => {
    const roots = parseCertificates(await readFile(join(keys_dir, ROOTS_FILE), 'utf8'));
    expect(roots.map(isSignedByRsa)).toEqual([false, true]);
    for (const root of roots) {
      expect(root.verify(root.publicKey)).toBe(true);
      expect(root.checkIssued(root)).toBe(true);
      expect(root.ca).toBe(true);
    }
    expect(roots[0]?.publicKey.asymmetricKeyType).toBe('ec');
    const rsa = roots[1];
    expect(authority.root_sn).toBe(rsa && certificateSn(rsa));
  });

  test('issues certificates that lead to its root, and no other authority’s do', async () => {
    const roots = parseCertificates(authority.roots);
    const issued = await authority.issue({ common_name: '支付宝-2088', at: AT });
    const chain = parseCertificates(`${issued.certificate}\n${authority.certificate}`);
    expect(chainProblem({ chain, roots, at: AT })).toBeUndefined();
    expect(chainProblem({ chain: chain.slice(0, 1), roots, at: AT })).toContain('does not lead');
    const later = new Date(AT.getTime() + 11 * 365 * 86_400_000);
    expect(chainProblem({ chain, roots, at: later })).toContain('not in force');
    const elsewhere = await mkdtemp(join(tmpdir(), 'hutong-authority-'));
    const other = await openAuthority(elsewhere, AT);
    await rm(elsewhere, { recursive: true, force: true });
    const foreign = parseCertificates(other.roots);
    expect(chainProblem({ chain, roots: foreign, at: AT })).toContain('does not lead');
  });

  test('a leaf is no authority: what it signs leads nowhere', async () => {
    const roots = parseCertificates(authority.roots);
    const leaf = await authority.issue({ common_name: 'leaf', at: AT });
    const forged = await issueCertificate({
      subject: { C: 'CN', CN: 'forged' },
      issuer: leaf,
      serial: '02',
      not_before: new Date(AT.getTime() - 1000),
      not_after: new Date(AT.getTime() + 1000),
    });
    const chain = parseCertificates(
      [forged.certificate, leaf.certificate, authority.certificate].join('\n'),
    );
    expect(chainProblem({ chain, roots, at: AT })).toContain('does not lead');
  });

  test('is the same after a restart', async () => {
    const again = await openAuthority(keys_dir, AT);
    expect(again.roots).toBe(authority.roots);
    expect(new X509Certificate(again.certificate).serialNumber).toBe(
      new X509Certificate(authority.certificate).serialNumber,
    );
  });
});
