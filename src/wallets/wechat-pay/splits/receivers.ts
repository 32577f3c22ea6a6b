import type { WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { ReceiverType } from '../../../protocols/wechat-pay/sharing.ts';
import type { ListedReceiver, ReceiverOutcome, SplitReceiver } from '../../products/splits.ts';
import type { MerchantAccount } from '../account.ts';
import { namedApp } from '../app-ids.ts';
import { type Client, callWallet } from '../client.ts';
import { notSent, toOutcome } from '../refusals.ts';
import { openSealer, type Sealer } from '../trust/fields.ts';
import { ORDINARY, PLATFORM } from './calls.ts';

/**
 * Who may receive. A platform keeps one list for all its sellers, elsewhere each seller has its
 * own. How receiver and seller stand to each other is for WeChat Pay's files alone.
 */
export function typeOf({ kind }: SplitReceiver, app: PayeeApp): ReceiverType {
  if (kind === 'merchant') return 'MERCHANT_ID';
  return app.sub_appid === undefined ? 'PERSONAL_OPENID' : 'PERSONAL_SUB_OPENID';
}

/** The app ids under which a call speaks; the seller's too where persons are known in its app. */
export interface PayeeApp {
  readonly appid: string;
  readonly sub_appid?: string;
}

/** In a partner's splits a person may be known in the seller's own app. */
export function payeeApp(
  account: MerchantAccount,
  { app, sub_merchant }: Pick<ListedReceiver, 'app' | 'sub_merchant'>,
): PayeeApp | { readonly problem: string } {
  const sellers = account.role === 'partner' && sub_merchant !== undefined;
  if (app !== undefined && sellers && account.sub_appids.get(sub_merchant) === app) {
    return { appid: account.appid, sub_appid: app };
  }
  return namedApp(account, app);
}

export async function addReceiver(
  client: Client,
  account: MerchantAccount,
  receiver: ListedReceiver,
): Promise<ReceiverOutcome> {
  const found = place(account, receiver, 'add');
  if ('refused' in found) return found.refused;
  const { platform, base, app } = found;
  const sealed = await sealName(client, account, receiver, platform);
  if (sealed === null) return notSent(`POST ${base}/add`, 'The name cannot be encrypted.');
  const ordinary = receiver.kind === 'merchant' ? 'PARTNER' : 'USER';
  const result = await callWallet(client, account, {
    method: 'POST',
    target: `${base}/add`,
    operation: `${base}/add`,
    ...(sealed.serial === undefined ? {} : { serial: sealed.serial }),
    body: {
      ...bodyOf(account, receiver, app),
      ...sealed.fields,
      relation_type: platform ? platformRelation(account, receiver) : ordinary,
    },
  });
  return result.kind === 'answer' ? { kind: 'done', trace: result.trace } : toOutcome(result);
}

function platformRelation(account: MerchantAccount, { account: receiver }: ListedReceiver): string {
  return receiver === account.mchid ? 'PLATFORM' : 'OTHERS';
}

export async function removeReceiver(
  client: Client,
  account: MerchantAccount,
  receiver: ListedReceiver,
): Promise<ReceiverOutcome> {
  const found = place(account, receiver, 'delete');
  if ('refused' in found) return found.refused;
  const { base, app } = found;
  const result = await callWallet(client, account, {
    method: 'POST',
    target: `${base}/delete`,
    operation: `${base}/delete`,
    body: bodyOf(account, receiver, app),
  });
  return result.kind === 'answer' ? { kind: 'done', trace: result.trace } : toOutcome(result);
}

function place(account: MerchantAccount, receiver: ListedReceiver, verb: 'add' | 'delete') {
  const platform = account.role === 'platform';
  const base = `${platform ? PLATFORM : ORDINARY}/receivers`;
  const refused = (why: string) => ({ refused: notSent(`POST ${base}/${verb}`, why) });
  if (account.role === 'partner' && receiver.sub_merchant === undefined) {
    return refused('A partner’s receivers belong to a seller: name it.');
  }
  const app = payeeApp(account, receiver);
  return 'problem' in app ? refused(app.problem) : { platform, base, app };
}

function bodyOf(account: MerchantAccount, receiver: ListedReceiver, app: PayeeApp): WireObject {
  return {
    ...(account.role === 'partner' ? { sub_mchid: receiver.sub_merchant } : {}),
    ...app,
    type: typeOf(receiver, app),
    account: receiver.account,
  };
}

/** A platform names merchants in clear, everything else is encrypted. Null when it cannot be. */
async function sealName(
  client: Client,
  account: MerchantAccount,
  { name, kind }: ListedReceiver,
  platform: boolean,
): Promise<{ fields: WireObject; serial?: string } | null> {
  if (name === undefined) return { fields: {} };
  if (platform && kind === 'merchant') return { fields: { name } };
  const sealer: Sealer | undefined = await openSealer(client, account);
  const sealed = sealer?.encrypt(name);
  if (!sealer || sealed === undefined) return null;
  const { serial } = sealer;
  return { fields: platform ? { encrypted_name: sealed } : { name: sealed }, serial };
}
