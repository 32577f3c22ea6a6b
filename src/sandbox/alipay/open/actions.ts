import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import type { Alipay, App } from '../books.ts';
import { rotateFor } from './rotation.ts';

const appId = z.string().regex(/^\d{16,20}$/);

function appOf(alipay: Alipay, app_id: string): App {
  const app = alipay.apps.get(app_id);
  if (!app) throw new ActionRefusal(404, 'no application has this app_id');
  return app;
}

function rotate(alipay: Alipay): SandboxAction {
  return sandboxAction({
    name: 'certificates/rotate',
    summary:
      'Alipay signs with a new certificate for one application in certificate mode, or for all.',
    input: z.strictObject({ app_id: appId.optional() }),
    run: async ({ app_id }) => {
      const apps = app_id === undefined ? [...alipay.apps.values()] : [appOf(alipay, app_id)];
      const certified = apps.filter(({ certificate_sn }) => certificate_sn !== null);
      if (certified.length === 0) throw new ActionRefusal(409, 'the application is in key mode');
      const rotated: Record<string, string> = {};
      for (const app of certified) rotated[app.app_id] = await rotateFor(alipay, app);
      return { rotated };
    },
  });
}

function switches(alipay: Alipay): readonly SandboxAction[] {
  async function set(change: Parameters<Alipay['switches']['set']>[0]): Promise<object> {
    const state = alipay.switches.set(change);
    await alipay.options.store.committed();
    return state;
  }
  return [
    sandboxAction({
      name: 'timestamps',
      summary: 'Refuses calls whose time is more than 15 minutes off, or only warns of them.',
      input: z.strictObject({ mode: z.enum(['lenient', 'strict']) }),
      run: ({ mode }) => set({ timestamps: mode }),
    }),
    sandboxAction({
      name: 'notifications/certificate-number',
      summary: 'Lets notifications of certificate mode name the certificate that signed them.',
      input: z.strictObject({ included: z.boolean() }),
      run: ({ included }) => set({ notification_cert_sn: included }),
    }),
    sandboxAction({
      name: 'applications/rsa',
      summary: 'Lets an application sign with RSA (SHA-1), as very old ones do, or no longer.',
      input: z.strictObject({ app_id: appId, allowed: z.boolean() }),
      run: ({ app_id, allowed }) => {
        appOf(alipay, app_id);
        const others = alipay.switches.state.rsa_apps.filter((one) => one !== app_id);
        return set({ rsa_apps: allowed ? [...others, app_id] : others });
      },
    }),
  ];
}

function authorizations(alipay: Alipay): readonly SandboxAction[] {
  return [
    sandboxAction({
      name: 'authorizations/grant',
      summary:
        'A merchant allows the third-party application to act for it: answers the app_auth_code.',
      input: z.strictObject({ app_id: appId, auth_app_id: appId }),
      run: async ({ app_id, auth_app_id }) => {
        const isv = appOf(alipay, app_id);
        if (isv.role !== 'isv') throw new ActionRefusal(409, 'not a third-party application');
        const app_auth_code = alipay.authorizations.grant(isv, appOf(alipay, auth_app_id));
        await alipay.options.store.committed();
        return { app_auth_code };
      },
    }),
    sandboxAction({
      name: 'authorizations/revoke',
      summary: 'The merchant takes an app_auth_token back.',
      input: z.strictObject({ app_auth_token: z.string().max(64) }),
      run: async ({ app_auth_token }) => {
        if (!alipay.authorizations.revoke(app_auth_token)) {
          throw new ActionRefusal(404, 'no such token');
        }
        await alipay.options.store.committed();
        return { app_auth_token, status: 'invalid' };
      },
    }),
  ];
}

/** Certificates, stamps, old signatures and what merchants allow third parties. */
export function openActions(alipay: Alipay): readonly SandboxAction[] {
  return [rotate(alipay), ...switches(alipay), ...authorizations(alipay)];
}
