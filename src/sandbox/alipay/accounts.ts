import type { SandboxAccount } from '../sandbox.ts';
import type { Alipay, App } from './books.ts';
import { sellersUnder } from './direct/review.ts';
import { privatePem, publicPem } from './keys.ts';
import { type AppSecrets, appFiles } from './open/apps.ts';

/** The merchants of this sandbox with all that a connector or a script needs. */
export interface AccountSource {
  readonly alipay: Alipay;
  readonly secrets: ReadonlyMap<string, AppSecrets>;
}

function settingsOf({ alipay }: AccountSource, app: App): Record<string, unknown> {
  return {
    app_id: app.app_id,
    seller_id: app.seller_id,
    gateway: `${alipay.url}/gateway.do`,
    oauth_endpoint: alipay.url,
    protocol: 'gateway',
    bridge_url: `${alipay.url}/bridge.js`,
  };
}

function credentialsOf({ alipay, secrets }: AccountSource, app: App): Record<string, string> {
  const own = secrets.get(app.app_id);
  if (!own) throw new Error(`application ${app.app_id} has no key`);
  const private_key = privatePem(own.private_key);
  if (own.certificate === null) {
    return { private_key, alipay_public_key: publicPem(alipay.keyring.plain) };
  }
  return {
    private_key,
    app_certificate: own.certificate,
    alipay_certificate: alipay.keyring.current(app) ?? '',
    alipay_root_certificate: alipay.authority.roots,
  };
}

function accountOf(source: AccountSource, app: App): SandboxAccount {
  const { authorizations } = source.alipay;
  const acting = app.role === 'isv' ? authorizations.actingFor(app, authorizations.first) : app;
  if (typeof acting === 'string') {
    // The merchant took its permission back: the third party is left with itself.
    return {
      role: app.role,
      settings: settingsOf(source, app),
      credentials: credentialsOf(source, app),
      sub_merchants: [],
    };
  }
  return {
    role: app.role,
    settings: settingsOf(source, acting),
    credentials: {
      ...credentialsOf(source, app),
      ...(app.role === 'isv' && { app_auth_token: authorizations.first }),
    },
    sub_merchants: sellersUnder(source.alipay, app.seller_id),
  };
}

/** All of them, the first one first. */
export function accountsOf(source: AccountSource): readonly SandboxAccount[] {
  return [...source.alipay.apps.values()].map((app) => accountOf(source, app));
}

export function merchantAccount(source: AccountSource): {
  settings: Record<string, unknown>;
  credentials: Record<string, string>;
} {
  const [app] = source.alipay.apps.values();
  if (!app) throw new Error('the sandbox has no application');
  return { settings: settingsOf(source, app), credentials: credentialsOf(source, app) };
}

/** The same for scripts in any language; the others' files stand beside these. */
export function scriptAccess(source: AccountSource): Readonly<Record<string, string>> {
  const { alipay } = source;
  const [app] = alipay.apps.values();
  if (!app) throw new Error('the sandbox has no application');
  return {
    url: alipay.url,
    gateway: `${alipay.url}/gateway.do`,
    app_id: app.app_id,
    seller_id: app.seller_id,
    ...appFiles(app, alipay.options.keys_dir),
  };
}
