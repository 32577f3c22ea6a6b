import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certIdOf } from '../../protocols/union-pay/certificates.ts';
import {
  type CertificateName,
  type Issued,
  type IssueOptions,
  issueCertificate,
} from '../certificates.ts';

/**
 * The sandbox's own authority, made on the first start into `keys_dir` (0700/0600), then kept: a
 * root, a middle certificate, and below it UnionPay's signing certificate and the merchant's.
 * All live twenty years, so nothing expires by surprise; actions rotate and expire the signer.
 */
export interface Signer {
  readonly key: KeyObject;
  readonly certificate: string;
}

export interface SandboxKeys {
  readonly root: Issued;
  readonly middle: Issued;
  readonly merchant: Issued & { readonly cert_id: string };
  /** Signs answers and notices; replaced by `rotate`. */
  signer: Signer;
}

const DAY_MS = 86_400_000;
const YEARS_20_MS = 20 * 365 * DAY_MS;
const AUTHORITY = { C: 'CN', O: 'Hutong Sandbox Certification Authority' } as const;

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeSecret(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The key is written last: a pair without its certificate is made anew. */
async function keep(dir: string, name: string, issued: Issued): Promise<Issued> {
  await writeSecret(join(dir, `${name}_certificate.pem`), issued.certificate);
  await writeSecret(join(dir, `${name}_private_key.pem`), issued.private_key);
  return issued;
}

async function readPair(dir: string, name: string): Promise<Issued | undefined> {
  const certificate = await readOptional(join(dir, `${name}_certificate.pem`));
  const private_key = await readOptional(join(dir, `${name}_private_key.pem`));
  return certificate === undefined || private_key === undefined
    ? undefined
    : { certificate, private_key };
}

interface Wanted {
  readonly name: string;
  readonly subject: CertificateName;
  readonly serial: string;
  readonly issuer?: Issued;
  readonly authority?: boolean;
}

async function pair(dir: string, now: Date, wanted: Wanted): Promise<Issued> {
  const { name, ...rest } = wanted;
  const kept = await readPair(dir, name);
  if (kept) return kept;
  const options: IssueOptions = {
    ...rest,
    not_before: new Date(now.getTime() - DAY_MS),
    not_after: new Date(now.getTime() + YEARS_20_MS),
  };
  return keep(dir, name, await issueCertificate(options));
}

function signerName(serial: string): CertificateName {
  return { C: 'CN', O: 'CFCA OCA1', CN: `041@8310000000083040@中国银联股份有限公司@${serial}` };
}

function openSigner(issued: Issued): Signer {
  return { key: createPrivateKey(issued.private_key), certificate: issued.certificate };
}

export async function openKeys(keys_dir: string, mer_id: string, now: Date): Promise<SandboxKeys> {
  await mkdir(keys_dir, { recursive: true, mode: 0o700 });
  const root = await pair(keys_dir, now, {
    name: 'root',
    subject: { ...AUTHORITY, CN: 'Hutong Sandbox Root' },
    serial: '10',
    authority: true,
  });
  const middle = await pair(keys_dir, now, {
    name: 'middle',
    subject: { ...AUTHORITY, CN: 'Hutong Sandbox OCA1' },
    serial: '11',
    issuer: root,
    authority: true,
  });
  const [signer, merchant] = await Promise.all([
    pair(keys_dir, now, {
      name: 'union_pay',
      subject: signerName('00000001'),
      serial: '1012',
      issuer: middle,
    }),
    pair(keys_dir, now, {
      name: 'merchant',
      subject: { C: 'CN', O: 'CFCA OCA1', CN: `041@${mer_id}@胡同集市@00000002` },
      serial: '1036478b00',
      issuer: middle,
    }),
  ]);
  const cert_id = certIdOf(new X509Certificate(merchant.certificate));
  return { root, middle, merchant: { ...merchant, cert_id }, signer: openSigner(signer) };
}

export interface NewSigner {
  readonly keys_dir: string;
  readonly now: Date;
  /** A certificate that has run out already. */
  readonly expired?: boolean;
  /** Hex digits of its number. */
  readonly serial: string;
}

/** One change at a time: a certificate and its key are two files. */
const changing = new WeakMap<SandboxKeys, Promise<unknown>>();

/** A new key under a new certificate of the same authority; what is signed next carries it. */
export function replaceSigner(keys: SandboxKeys, wanted: NewSigner): Promise<string> {
  const replaced = (changing.get(keys) ?? Promise.resolve()).then(() => replace(keys, wanted));
  changing.set(
    keys,
    replaced.catch(() => undefined),
  );
  return replaced;
}

async function replace(keys: SandboxKeys, wanted: NewSigner): Promise<string> {
  const { keys_dir, now, serial } = wanted;
  const issued = await issueCertificate({
    subject: signerName(serial.padStart(8, '0')),
    serial,
    issuer: keys.middle,
    not_before: new Date(now.getTime() - 2 * DAY_MS),
    not_after: new Date(now.getTime() + (wanted.expired ? -DAY_MS : YEARS_20_MS)),
  });
  keys.signer = openSigner(await keep(keys_dir, 'union_pay', issued));
  return certIdOf(new X509Certificate(issued.certificate));
}
