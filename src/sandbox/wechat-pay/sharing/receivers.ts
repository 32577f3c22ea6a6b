import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { RECEIVER_TYPES, type ReceiverType } from '../../../protocols/wechat-pay/sharing.ts';
import type { Person } from '../../sandbox.ts';
import { checkFields } from '../api/fields.ts';
import { invalidRequest, parameterError, type WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import { boundAppid } from '../merchants/apps.ts';
import type { Merchant } from '../merchants/keys.ts';
import { ADD_RECEIVER, DELETE_RECEIVER } from './fields.ts';
import { checkFamily, MAX_RECEIVERS, overLimit, sellerOf } from './rules.ts';
import { decryptOptional, type SensitiveCall } from './sensitive.ts';

/**
 * Who may receive parts of a seller's payments. A merchant is named with its registered name, a
 * person may be named; a wrong name is refused.
 * https://pay.weixin.qq.com/wiki/doc/apiv3_partner/apis/chapter8_1_8.shtml
 */
export interface WantedReceiver {
  readonly type: ReceiverType;
  readonly account: string;
  readonly appid: string | undefined;
  readonly sub_appid: string | undefined;
}

/** POST /v3/profitsharing/receivers/add */
export function addReceiver(
  context: SandboxContext,
  merchant: Merchant,
  { body, open }: SensitiveCall,
): object {
  checkFamily(merchant, 'ordinary');
  checkFields(ADD_RECEIVER, body);
  const sub_mchid = textField(body, 'sub_mchid');
  const seller = sellerOf(context, merchant, { sub_mchid, location: 'body' });
  const wanted = wantedReceiver(body);
  checkAppid(context, merchant, wanted.appid);
  const name = decryptOptional(open, body, { name: 'name', pointer: '/name' });
  checkReceiver(context, merchant, { ...wanted, name });
  const relation_type = textField(body, 'relation_type') ?? '';
  const custom_relation = textField(body, 'custom_relation') ?? null;
  if (relation_type === 'CUSTOM' && custom_relation === null) {
    const message = '与分账方的关系类型为CUSTOM时，custom_relation必填';
    throw parameterError({
      field: '/custom_relation',
      issue: 'missing',
      location: 'body',
      message,
    });
  }
  keepReceiver(context, {
    owner: seller ?? merchant.mchid,
    ...wanted,
    relation_type,
    custom_relation,
  });
  return {
    ...(seller === null ? {} : { sub_mchid: seller }),
    type: wanted.type,
    account: wanted.account,
    ...(name === undefined ? {} : { name: context.keys.seal(merchant, name) }),
    relation_type,
    ...(custom_relation === null ? {} : { custom_relation }),
  };
}

export function keepReceiver(
  context: SandboxContext,
  record: {
    owner: string;
    type: ReceiverType;
    account: string;
    relation_type: string;
    custom_relation: string | null;
  },
): void {
  const { sharing, clock } = context;
  const { owner, type, account, relation_type, custom_relation } = record;
  if (!sharing.receiver(record) && sharing.receiverCount(owner) >= MAX_RECEIVERS) {
    throw overLimit(`分账接收方数量达到上限（${MAX_RECEIVERS}）`);
  }
  const added_at = clock.now().getTime();
  sharing.addReceiver({ owner, type, account, relation_type, custom_relation, added_at });
}

/** POST /v3/profitsharing/receivers/delete; one that is not there is as good as deleted. */
export function deleteReceiver(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): object {
  checkFamily(merchant, 'ordinary');
  checkFields(DELETE_RECEIVER, body);
  const sub_mchid = textField(body, 'sub_mchid');
  const seller = sellerOf(context, merchant, { sub_mchid, location: 'body' });
  const { type, account, appid } = wantedReceiver(body);
  checkAppid(context, merchant, appid);
  context.sharing.removeReceiver({ owner: seller ?? merchant.mchid, type, account });
  return { ...(seller === null ? {} : { sub_mchid: seller }), type, account };
}

export function wantedReceiver(body: WireObject): WantedReceiver {
  return {
    type: receiverType(textField(body, 'type')),
    account: textField(body, 'account') ?? '',
    appid: textField(body, 'appid'),
    sub_appid: textField(body, 'sub_appid'),
  };
}

/** The field table has refused every other word. */
export function receiverType(word: string | undefined): ReceiverType {
  return RECEIVER_TYPES.find((known) => known === word) ?? 'MERCHANT_ID';
}

export function checkAppid(
  context: SandboxContext,
  merchant: Merchant,
  appid: string | undefined,
): void {
  if (appid !== undefined) boundAppid(context, merchant, appid);
}

/** Throws unless the account exists and, where a name is given or needed, has that name. */
export function checkReceiver(
  context: SandboxContext,
  merchant: Merchant,
  wanted: WantedReceiver & { name: string | undefined },
): void {
  if (wanted.type === 'MERCHANT_ID') checkMerchantReceiver(context, wanted);
  else checkPerson(context, merchant, wanted);
}

/** The person behind an openid; throws when nobody is, or when the name is another one. */
export function checkPerson(
  context: SandboxContext,
  merchant: Merchant,
  wanted: WantedReceiver & { name: string | undefined },
): string {
  const person = personAt(context, merchant, wanted);
  if (!person) {
    throw parameterError({
      field: '/account',
      value: wanted.account,
      issue: 'openid does not belong to the appid',
      location: 'body',
      message: '无效的openid，请确认该openid属于请求中的appid',
      internal: INTERNAL_CODE.openid_required,
    });
  }
  if (wanted.name !== undefined && wanted.name !== person.name.zh) throw wrongName();
  return person.id;
}

function checkMerchantReceiver(
  context: SandboxContext,
  { account, name }: { account: string; name: string | undefined },
): void {
  const found = context.merchants.get(account) ?? context.sub_merchants.get(account);
  if (!found) {
    throw invalidRequest('分账接收方商户号不存在', INTERNAL_CODE.bad_parameter);
  }
  if (name === undefined) {
    const message = '分账接收方类型为MERCHANT_ID时，商户全称必填';
    throw parameterError({ field: '/name', issue: 'missing', location: 'body', message });
  }
  if (name !== found.name) throw wrongName();
}

function wrongName(): WechatPayRefusal {
  return invalidRequest('分账接收方名称与账号的实名不一致', INTERNAL_CODE.bad_parameter);
}

/** Who this openid is at the app the type speaks of. */
function personAt(
  context: SandboxContext,
  merchant: Merchant,
  { type, account, appid: named, sub_appid }: WantedReceiver,
): Person | undefined {
  const appid = type === 'PERSONAL_SUB_OPENID' ? sub_appid : (named ?? merchant.appid);
  if (appid === undefined) {
    const message = '分账接收方类型为PERSONAL_SUB_OPENID时，sub_appid必填';
    throw parameterError({ field: '/sub_appid', issue: 'missing', location: 'body', message });
  }
  const at = { ...merchant, appid };
  return context.people.find(({ id }) => context.openid(id, at) === account);
}
