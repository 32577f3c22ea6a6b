import type { WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { ReceiverOutcome, SplitReceiver } from '../../products/splits.ts';
import type { MerchantAccount } from '../account.ts';
import { type Client, callWallet } from '../client.ts';
import { notSent, toOutcome } from '../refusals.ts';
import { openSealer, type Sealer } from '../trust/fields.ts';
import { ORDINARY, PLATFORM } from './calls.ts';

/**
 * Who may receive. A platform keeps one list for all its sellers, elsewhere each seller has its
 * own. How receiver and seller stand to each other is for WeChat Pay's files alone.
 */
type Listed = SplitReceiver & { readonly sub_merchant?: string };

export function typeOf({ kind }: SplitReceiver): 'MERCHANT_ID' | 'PERSONAL_OPENID' {
  return kind === 'merchant' ? 'MERCHANT_ID' : 'PERSONAL_OPENID';
}

export async function addReceiver(
  client: Client,
  account: MerchantAccount,
  receiver: Listed,
): Promise<ReceiverOutcome> {
  const { platform, base, refused } = place(account, receiver, 'add');
  if (refused) return refused;
  const sealed = await sealName(client, account, receiver, platform);
  if (sealed === null) return notSent(`POST ${base}/add`, 'The name cannot be encrypted.');
  const ordinary = receiver.kind === 'merchant' ? 'PARTNER' : 'USER';
  const result = await callWallet(client, account, {
    method: 'POST',
    target: `${base}/add`,
    operation: `${base}/add`,
    ...(sealed.serial === undefined ? {} : { serial: sealed.serial }),
    body: {
      ...bodyOf(account, receiver),
      ...sealed.fields,
      relation_type: platform ? platformRelation(account, receiver) : ordinary,
    },
  });
  return result.kind === 'answer' ? { kind: 'done', trace: result.trace } : toOutcome(result);
}

function platformRelation(account: MerchantAccount, { account: receiver }: Listed): string {
  return receiver === account.mchid ? 'PLATFORM' : 'OTHERS';
}

export async function removeReceiver(
  client: Client,
  account: MerchantAccount,
  receiver: Listed,
): Promise<ReceiverOutcome> {
  const { base, refused } = place(account, receiver, 'delete');
  if (refused) return refused;
  const result = await callWallet(client, account, {
    method: 'POST',
    target: `${base}/delete`,
    operation: `${base}/delete`,
    body: bodyOf(account, receiver),
  });
  return result.kind === 'answer' ? { kind: 'done', trace: result.trace } : toOutcome(result);
}

function place(account: MerchantAccount, receiver: Listed, verb: 'add' | 'delete') {
  const platform = account.role === 'platform';
  const base = `${platform ? PLATFORM : ORDINARY}/receivers`;
  const lacks = account.role === 'partner' && receiver.sub_merchant === undefined;
  const refused = lacks
    ? notSent(`POST ${base}/${verb}`, 'A partner’s receivers belong to a seller: name it.')
    : undefined;
  return { platform, base, refused };
}

function bodyOf(account: MerchantAccount, receiver: Listed): WireObject {
  return {
    ...(account.role === 'partner' ? { sub_mchid: receiver.sub_merchant } : {}),
    appid: account.appid,
    type: typeOf(receiver),
    account: receiver.account,
  };
}

/** A platform names merchants in clear, everything else is encrypted. Null when it cannot be. */
async function sealName(
  client: Client,
  account: MerchantAccount,
  { name, kind }: Listed,
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
