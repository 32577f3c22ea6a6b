import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { certificateSn, parseCertificates } from '../../../protocols/alipay/certificates.ts';
import type { SandboxOptions } from '../../sandbox.ts';
import type { App, AppRole } from '../books.ts';
import { keptText, keyPair, openKeysDir } from '../keys.ts';
import { type Authority, openAuthority, ROOTS_FILE } from './authority.ts';
import { Keyring } from './keyring.ts';

/**
 * The applications this wallet knows, with their keys and certificates: one in key mode, one in
 * certificate mode, a platform's (certificate mode) and a third party's that acts for the first
 * one's merchant. Files carry the role as prefix; the first one's have none.
 */
interface Seed {
  readonly role: AppRole;
  readonly app_id: string;
  readonly seller_id: string;
  readonly payee: App['payee'];
  readonly certificate: boolean;
}

/** Numbers in the shapes of the wallet's own test environment. */
export const SEEDS: readonly Seed[] = [
  {
    role: 'key',
    app_id: '9021000100000001',
    seller_id: '2088100000000001',
    payee: { zh: '胡同集市', en: 'Hutong Market' },
    certificate: false,
  },
  {
    role: 'certificate',
    app_id: '9021000100000011',
    seller_id: '2088100000000011',
    payee: { zh: '胡同书店', en: 'Hutong Books' },
    certificate: true,
  },
  {
    role: 'platform',
    app_id: '9021000100000021',
    seller_id: '2088100000000021',
    payee: { zh: '胡同广场', en: 'Hutong Plaza' },
    certificate: true,
  },
  {
    role: 'isv',
    app_id: '9021000100000031',
    seller_id: '2088100000000031',
    payee: { zh: '胡同服务商', en: 'Hutong Services' },
    certificate: false,
  },
];

/** What the merchant's side of one application holds. */
export interface AppSecrets {
  readonly private_key: KeyObject;
  /** PEM; null in key mode. */
  readonly certificate: string | null;
}

export interface OpenedApps {
  readonly apps: ReadonlyMap<string, App>;
  readonly secrets: ReadonlyMap<string, AppSecrets>;
  readonly keyring: Keyring;
  readonly authority: Authority;
}

/** Prefix of an application's files. */
export function filePrefix(role: AppRole): string {
  return role === 'key' ? '' : `${role}_`;
}

interface OpenedSeed {
  readonly app: App;
  readonly secrets: AppSecrets;
}

async function openSeed(seed: Seed, keys_dir: string, parts: Parts): Promise<OpenedSeed> {
  const prefix = filePrefix(seed.role);
  const private_key = await keyPair(keys_dir, `${prefix}app`);
  const aes_key = await keptText(join(keys_dir, `${prefix}aes_key.txt`), async () =>
    randomBytes(16).toString('base64'),
  );
  const { certificate: has, ...known } = seed;
  let certificate: string | null = null;
  if (has) {
    certificate = await keptText(join(keys_dir, `${prefix}app_certificate.crt`), async () => {
      const pkcs8 = private_key.export({ type: 'pkcs8', format: 'pem' }).toString();
      const common_name = `${seed.seller_id}-${seed.app_id}`;
      const issue = { common_name, at: parts.at, private_key: pkcs8 };
      return (await parts.authority.issue(issue)).certificate;
    });
  }
  const [parsed] = certificate === null ? [] : parseCertificates(certificate);
  const app: App = {
    ...known,
    auth_app_id: seed.app_id,
    public_key: createPublicKey(private_key),
    aes_key,
    certificate_sn: parsed ? certificateSn(parsed) : null,
  };
  return { app, secrets: { private_key, certificate } };
}

interface Parts {
  readonly authority: Authority;
  readonly at: Date;
}

/** Alipay's certificate for one application: leaf first, then its authority. */
async function openAlipayCertificate(app: App, keys_dir: string, parts: Parts) {
  const prefix = filePrefix(app.role);
  const key = await keyPair(keys_dir, `${prefix}alipay`);
  const certificate = await keptText(
    join(keys_dir, `${prefix}alipay_certificate.crt`),
    async () => {
      const private_key = key.export({ type: 'pkcs8', format: 'pem' }).toString();
      const common_name = `支付宝(中国)网络技术有限公司-${app.seller_id}`;
      const issued = await parts.authority.issue({ common_name, at: parts.at, private_key });
      return `${issued.certificate}\n${parts.authority.certificate}`;
    },
  );
  return { app_id: app.app_id, key, certificate };
}

/** Opens all applications; makes what is not there yet. */
export async function openApps(
  options: Pick<SandboxOptions, 'keys_dir' | 'clock' | 'store'>,
): Promise<OpenedApps> {
  const { keys_dir, clock, store } = options;
  await openKeysDir(keys_dir);
  const at = clock.real();
  const authority = await openAuthority(keys_dir, at);
  const parts = { authority, at };
  const opened = await Promise.all(SEEDS.map((seed) => openSeed(seed, keys_dir, parts)));
  const apps = opened.map(({ app }) => app);
  const certificates = await Promise.all(
    apps
      .filter(({ certificate_sn }) => certificate_sn !== null)
      .map((app) => openAlipayCertificate(app, keys_dir, parts)),
  );
  const keyring = new Keyring({
    plain: await keyPair(keys_dir, 'alipay'),
    certificates,
    store,
  });
  return {
    apps: new Map(apps.map((app) => [app.app_id, app])),
    secrets: new Map(opened.map(({ app, secrets }) => [app.app_id, secrets])),
    keyring,
    authority,
  };
}

/** Files of one application, for scripts in any language. */
export function appFiles(app: App, keys_dir: string): Readonly<Record<string, string>> {
  const prefix = filePrefix(app.role);
  const file = (name: string) => join(keys_dir, name);
  return {
    private_key_file: file(`${prefix}app_private_key.pem`),
    ...(app.certificate_sn === null
      ? { alipay_public_key_file: file('alipay_public_key.pem') }
      : {
          app_certificate_file: file(`${prefix}app_certificate.crt`),
          alipay_certificate_file: file(`${prefix}alipay_certificate.crt`),
          alipay_root_certificate_file: file(ROOTS_FILE),
        }),
  };
}
