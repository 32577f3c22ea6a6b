import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { isWireObject } from '../../../protocols/wechat-pay/messages.ts';
import { readPrivateKey } from '../../../protocols/wechat-pay/signature.ts';
import { type Issued, newRsaKey, serialOf } from '../../certificates.ts';
import { type SandboxRandom, sandboxRandom } from '../../random.ts';
import { newAppid, newMchid, newPublicKeyId, newSecret, newSerial } from '../numbers.ts';
import { isIssued, issueApiCertificate } from './authority.ts';
import { damaged, readList, readOptional, writePrivate, writePrivateJson } from './key-files.ts';
import type { TrustMode } from './settings.ts';

/**
 * A merchant at the sandbox: who it is, its API certificates with their keys, and the pair the
 * wallet signs with towards it in public-key mode. Made once and kept in files, so that a restart
 * changes nobody's credentials.
 */
/** Direct; a partner with sub-merchants; an ecommerce platform (收付通) with sub-merchants. */
export const ROLES = ['direct', 'partner', 'platform'] as const;
export type Role = (typeof ROLES)[number];

export interface ApiCertificate {
  readonly serial_no: string;
  readonly certificate: string;
  readonly private_key: string;
  readonly verify_key: KeyObject;
  readonly revoked: boolean;
}

export interface Merchant {
  readonly role: Role;
  /** The name under which `SandboxAccount` lists it. */
  readonly account: string;
  readonly first_trust: TrustMode;
  readonly mchid: string;
  readonly appid: string;
  /** Registered name, shown to payers. */
  readonly name: string;
  readonly public_key_id: string;
  readonly api_v3_key: string;
  readonly api_v2_key: string;
  readonly app_secret: string;
  readonly openid_salt: string;
  /** Every API certificate, oldest first. */
  readonly certificates: readonly ApiCertificate[];
  /** Of the newest certificate in force: what the merchant signs with, and its public half. */
  readonly serial_no: string;
  readonly certificate: string;
  readonly private_key: string;
  readonly verify_key: KeyObject;
  /** What the wallet signs with in public-key mode, and the half (PEM) the merchant downloads. */
  readonly sign_key: KeyObject;
  readonly public_key: string;
  /** Issues one more API certificate; the older ones stay in force unless `revoke`. */
  issue(revoke: boolean): Promise<ApiCertificate>;
}

/** Secrets have no seed. */
const TRULY = sandboxRandom();

const TEXTS = [
  'mchid',
  'appid',
  'name',
  'serial_no',
  'public_key_id',
  'api_v3_key',
  'api_v2_key',
  'app_secret',
  'openid_salt',
] as const;
type Stored = Readonly<Record<(typeof TEXTS)[number], string>>;

export interface MerchantOptions {
  readonly directory: string;
  readonly prefix: string;
  readonly role: Role;
  readonly account: string;
  readonly first_trust: TrustMode;
  readonly name: string;
  readonly authority: Issued;
  /** The wallet's key in public-key mode (PEM), shared by merchants that have none of their own. */
  readonly server_key: string;
  readonly now: () => Date;
  /** For its numbers; keys and secrets are truly random. */
  readonly random: SandboxRandom;
}

/** Loads the merchant kept under `prefix` in `directory`, or makes it. */
export async function loadMerchant(options: MerchantOptions): Promise<Merchant> {
  const { directory, prefix, role, account, first_trust } = options;
  const path = (file: string) => join(directory, `${prefix}_${file}`);
  const record = await loadRecord(path, options);
  const list = await loadCertificates(path, record, options);
  const own = await readOptional(path('server_private_key.pem'));
  const sign_key = readPrivateKey(own ?? options.server_key);
  if (!sign_key) throw damaged(path('*'));
  let certificates = list.map(opened);
  const active = () => {
    const found = certificates.findLast(({ revoked }) => !revoked);
    if (!found) throw damaged(path('merchant_certificates.json'));
    return found;
  };
  const { serial_no: _first, ...about } = record;
  return {
    ...about,
    role,
    account,
    first_trust,
    sign_key,
    public_key: createPublicKey(sign_key).export({ type: 'spki', format: 'pem' }).toString(),
    get certificates() {
      return certificates;
    },
    get serial_no() {
      return active().serial_no;
    },
    get certificate() {
      return active().certificate;
    },
    get private_key() {
      return active().private_key;
    },
    get verify_key() {
      return active().verify_key;
    },
    issue: async (revoke) => {
      const kept = list.map((each) => (revoke ? { ...each, revoked: true } : each));
      const next = { ...(await issue(record, options, newSerial(TRULY))), revoked: false };
      list.splice(0, list.length, ...kept, next);
      await writePrivateJson(path('merchant_certificates.json'), list);
      await writeFiles(path, next);
      certificates = list.map(opened);
      return opened(next);
    },
  };
}

interface KeptCertificate extends Issued {
  readonly revoked: boolean;
}

function opened(kept: KeptCertificate): ApiCertificate {
  const { certificate, private_key, revoked } = kept;
  const verify_key = createPublicKey(createPrivateKey(private_key));
  const serial_no = serialOf(certificate).toUpperCase();
  return { serial_no, certificate, private_key, verify_key, revoked };
}

function isKept(value: unknown): value is KeptCertificate {
  return isIssued(value) && 'revoked' in value && typeof value.revoked === 'boolean';
}

function issue(
  record: Stored,
  { authority, now }: MerchantOptions,
  serial: string,
  private_key?: string,
): Promise<Issued> {
  const { mchid, name } = record;
  const key = private_key === undefined ? {} : { private_key };
  return issueApiCertificate(authority, { mchid, name, serial, now: now(), ...key });
}

async function loadRecord(
  path: (file: string) => string,
  { name, now, random }: MerchantOptions,
): Promise<Stored> {
  const file = path('merchant.json');
  const text = await readOptional(file);
  if (text === undefined) return newRecord(name, now(), random);
  const value: unknown = JSON.parse(text);
  if (!isWireObject(value)) throw damaged(file);
  // Records of an earlier release lack the key of the second version.
  const whole = { api_v2_key: newSecret(TRULY), ...value };
  if (!isStored(whole)) throw damaged(file);
  if (value.api_v2_key === undefined) await writePrivateJson(file, whole);
  return whole;
}

function isStored(value: object): value is Stored {
  return TEXTS.every(
    (name) => typeof Object.getOwnPropertyDescriptor(value, name)?.value === 'string',
  );
}

/** People's openids follow from the salt, so it is a number and no secret. */
function newRecord(name: string, now: Date, random: SandboxRandom): Stored {
  return {
    mchid: newMchid(random),
    appid: newAppid(random),
    name,
    serial_no: newSerial(TRULY),
    public_key_id: newPublicKeyId(TRULY, now),
    api_v3_key: newSecret(TRULY),
    api_v2_key: newSecret(TRULY),
    app_secret: newSecret(TRULY),
    openid_salt: newSecret(random),
  };
}

/** The record is written last: while its file is missing, the rest counts as not made. */
async function loadCertificates(
  path: (file: string) => string,
  record: Stored,
  options: MerchantOptions,
): Promise<KeptCertificate[]> {
  const known = (await readOptional(path('merchant.json'))) !== undefined;
  const kept = known ? await readList(path('merchant_certificates.json'), isKept) : undefined;
  if (kept) return kept;
  const pem = known ? await readOptional(path('merchant_private_key.pem')) : undefined;
  const private_key = pem ?? (await newRsaKey());
  if (!readPrivateKey(private_key)) throw damaged(path('merchant_private_key.pem'));
  const first = {
    ...(await issue(record, options, record.serial_no, private_key)),
    revoked: false,
  };
  await writeFiles(path, first);
  await writePrivateJson(path('merchant_certificates.json'), [first]);
  await writePrivateJson(path('merchant.json'), record);
  return [first];
}

/** The newest certificate and its key in files of their own, for scripts. */
async function writeFiles(path: (file: string) => string, newest: Issued): Promise<void> {
  await writePrivate(path('merchant_private_key.pem'), newest.private_key);
  await writePrivate(path('merchant_certificate.pem'), newest.certificate);
}
