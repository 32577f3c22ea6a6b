import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { issueCertificate, serialOf } from './certificates.ts';

const SPAN = { not_before: new Date('2026-01-01'), not_after: new Date('2036-01-01') };

test('a certificate is the issuer’s, for its own key, with its number and Chinese names', async () => {
  const root = await issueCertificate({
    subject: { C: 'CN', O: 'Hutong Sandbox', CN: 'Sandbox Root' },
    serial: '01',
    ...SPAN,
  });
  const issued = await issueCertificate({
    subject: { C: 'CN', O: '沙箱', OU: 'Pay', CN: '041@Z12@中国银联股份有限公司@00000001' },
    issuer: root,
    serial: 'F1234567890ABCDEF1234567890ABCDEF1234567',
    ...SPAN,
  });
  const certificate = new X509Certificate(issued.certificate);
  const authority = new X509Certificate(root.certificate);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(certificate.checkIssued(authority)).toBe(true);
  expect(authority.ca).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.subject).toContain('CN=041@Z12@中国银联股份有限公司@00000001');
  expect(serialOf(issued.certificate)).toBe('F1234567890ABCDEF1234567890ABCDEF1234567');
  expect(certificate.publicKey.equals(createPublicKey(createPrivateKey(issued.private_key)))).toBe(
    true,
  );
});
