import { z } from 'zod';
import { shanghaiTime } from '../../../clock.ts';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from './keys.ts';
import { SPELLINGS, TRUST_MODES } from './settings.ts';

/** What a merchant would switch in its console, and what the wallet does to its own keys. */
const mchid = z.string().max(32);

function merchantOf(context: SandboxContext, number: string): Merchant {
  const merchant = context.merchants.get(number);
  if (!merchant) throw new ActionRefusal(404, `no merchant ${number}`);
  return merchant;
}

export function keyActions(context: SandboxContext): readonly SandboxAction[] {
  return [...settingActions(context), ...certificateActions(context), ...appActions(context)];
}

function settingActions(context: SandboxContext): SandboxAction[] {
  const { settings } = context.keys;
  return [
    sandboxAction({
      name: 'trust',
      summary:
        'Chooses how the wallet signs towards a merchant: platform certificate, public key, or both with the given percentage of notifications under the public key.',
      input: z.strictObject({
        mchid,
        mode: z.enum(TRUST_MODES),
        percent: z.number().min(0).max(100).multipleOf(0.1).optional(),
      }),
      run: async ({ mchid: number, mode, percent }) => {
        const merchant = merchantOf(context, number);
        const share = percent === undefined ? {} : { percent };
        const changed = settings.change(merchant, { trust: mode, ...share });
        await context.store.committed();
        return { mchid: number, ...changed };
      },
    }),
    sandboxAction({
      name: 'spelling',
      summary:
        'Chooses the spelling of error codes towards a merchant: ORDERPAID (older) or ORDER_PAID (newer).',
      input: z.strictObject({ mchid, spelling: z.enum(SPELLINGS) }),
      run: async ({ mchid: number, spelling }) => {
        const changed = settings.change(merchantOf(context, number), { spelling });
        await context.store.committed();
        return { mchid: number, ...changed };
      },
    }),
  ];
}

function appActions(context: SandboxContext): readonly SandboxAction[] {
  return [
    sandboxAction({
      name: 'appids/bind',
      summary:
        'Binds one more app id to a merchant, as its mini program or app has one; payers have other openids there.',
      input: z.strictObject({ mchid }),
      run: async ({ mchid: number }) => {
        const app = context.apps.bind(merchantOf(context, number), context.random);
        if (!app) throw new ActionRefusal(409, 'the merchant has as many app ids as it may');
        await context.store.committed();
        return { mchid: number, appid: app.appid, app_secret: app.app_secret };
      },
    }),
    sandboxAction({
      name: 'appids/list',
      summary:
        'Lists every app id of merchants and sellers with its secret, for the login of payers.',
      input: z.strictObject({}),
      run: () => ({
        data: context.apps.all().map(({ openid_salt: _, ...app }) => app),
      }),
    }),
  ];
}

function certificateActions(context: SandboxContext): readonly SandboxAction[] {
  const { platform } = context.keys;
  return [
    sandboxAction({
      name: 'certificates',
      summary:
        'Issues one more API certificate for a merchant and gives it with its key; revokes the older ones when asked.',
      input: z.strictObject({ mchid, revoke: z.boolean().default(false) }),
      run: async ({ mchid: number, revoke }) => {
        const merchant = merchantOf(context, number);
        const { serial_no, certificate, private_key } = await merchant.issue(revoke);
        const in_force = merchant.certificates.filter((each) => !each.revoked);
        return {
          mchid: number,
          serial_no,
          certificate,
          private_key,
          in_force: in_force.map((each) => each.serial_no),
        };
      },
    }),
    sandboxAction({
      name: 'certificates/rotate',
      summary:
        'Publishes a new platform certificate; it signs at once, or with signs=later only after the next call with signs=now. The one before stays published.',
      input: z.strictObject({ signs: z.enum(['now', 'later']).default('now') }),
      run: async ({ signs }) => {
        await platform.rotate(signs);
        return {
          signs: platform.signing.serial,
          published: platform.published.map(({ serial, not_before, not_after }) => ({
            serial_no: serial,
            effective_time: shanghaiTime(not_before),
            expire_time: shanghaiTime(not_after),
          })),
        };
      },
    }),
  ];
}
