import { join } from 'node:path';
import { type Issued, issueCertificate } from '../../certificates.ts';
import { sandboxRandom } from '../../random.ts';
import { newSerial } from '../numbers.ts';
import { damaged, readOptional, writePrivateJson } from './key-files.ts';

/**
 * The sandbox's own certificate authority, one per install, in the real one's shape. It issues the
 * merchants' API certificates and the wallet's platform certificates; both live five years.
 */
const ORGANISATION = 'Tenpay.com';
const CENTRE = 'Hutong Sandbox CA Center';
const YEAR_MS = 365 * 86_400_000;
const LIFE_MS = 5 * YEAR_MS;
const AUTHORITY_LIFE_MS = 30 * YEAR_MS;
/** So that a clock a little behind the sandbox's does not find a certificate of the future. */
const LEEWAY_MS = 3_600_000;

/** Loads the authority kept in `directory`, or makes it. */
export async function openAuthority(directory: string, now: Date): Promise<Issued> {
  const file = join(directory, 'wechat_pay_authority.json');
  const text = await readOptional(file);
  if (text !== undefined) {
    const value: unknown = JSON.parse(text);
    if (isIssued(value)) return value;
    throw damaged(file);
  }
  const authority = await issueCertificate({
    subject: { C: 'CN', O: ORGANISATION, OU: CENTRE, CN: 'Tenpay.com Sandbox Root CA' },
    serial: newSerial(sandboxRandom()),
    ...validity(now, AUTHORITY_LIFE_MS),
  });
  await writePrivateJson(file, authority);
  return authority;
}

export function isIssued(value: unknown): value is Issued {
  if (typeof value !== 'object' || value === null) return false;
  const { certificate, private_key } = { certificate: 0, private_key: 0, ...value };
  return typeof certificate === 'string' && typeof private_key === 'string';
}

/** A merchant's API certificate: its common name is the merchant's number. */
export function issueApiCertificate(
  authority: Issued,
  options: { mchid: string; name: string; serial: string; now: Date; private_key?: string },
): Promise<Issued> {
  const { mchid, name, serial, now, private_key } = options;
  return issueCertificate({
    subject: { C: 'CN', O: '微信商户系统', OU: name, CN: mchid },
    issuer: authority,
    serial,
    ...validity(now, LIFE_MS),
    ...(private_key === undefined ? {} : { private_key }),
  });
}

export function issuePlatformCertificate(authority: Issued, now: Date): Promise<Issued> {
  return issueCertificate({
    subject: { C: 'CN', O: ORGANISATION, OU: CENTRE, CN: 'Tenpay.com sign' },
    issuer: authority,
    serial: newSerial(sandboxRandom()),
    ...validity(now, LIFE_MS),
  });
}

function validity(now: Date, life_ms: number): { not_before: Date; not_after: Date } {
  const start = now.getTime() - LEEWAY_MS;
  return { not_before: new Date(start), not_after: new Date(start + life_ms) };
}
