import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { invalidRequest, parameterError, WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import { appidNotBound, boundAppid } from '../merchants/apps.ts';
import type { Merchant } from '../merchants/keys.ts';
import type { Mode } from './fields.ts';

/** For whom an order is made: the merchant that signs, and the seller where it is not itself. */
export interface Party {
  readonly merchant: Merchant;
  /** Of the merchant's, the one that the call is made for. */
  readonly appid: string;
  readonly sub_mchid: string | null;
  readonly sub_appid: string | null;
}

/** The ids as the body of an order names them. */
export function partyOf(
  context: SandboxContext,
  merchant: Merchant,
  given: { mode: Mode; body: WireObject },
): Party {
  const { mode, body } = given;
  checkMode(merchant, mode);
  const prefix = mode === 'direct' ? '' : 'sp_';
  const place = { field: `/${prefix}mchid`, location: 'body' } as const;
  checkMchid(merchant, textField(body, `${prefix}mchid`), place);
  const appid = boundAppid(context, merchant, textField(body, `${prefix}appid`));
  if (mode === 'direct') return { merchant, appid, sub_mchid: null, sub_appid: null };
  return sellerOf(context, merchant, {
    appid,
    sub_mchid: textField(body, 'sub_mchid'),
    sub_appid: textField(body, 'sub_appid'),
  });
}

/** A seller under this merchant, with an app id of its own where the request names one. */
export function sellerOf(
  context: SandboxContext,
  merchant: Merchant,
  named: { appid: string; sub_mchid: string | undefined; sub_appid: string | undefined },
): Party {
  const { appid, sub_mchid, sub_appid } = named;
  checkSubMchid(context, merchant, sub_mchid);
  const seller = context.sub_merchants.get(sub_mchid);
  if (sub_appid !== undefined && seller?.sub_appid !== sub_appid) throw appidNotBound();
  return { merchant, appid, sub_mchid, sub_appid: sub_appid ?? null };
}

/** A partner has no account of its own to be paid on, and a direct merchant has no sellers. */
export function checkMode(merchant: Merchant, mode: Mode): void {
  const direct = merchant.role === 'direct';
  if (direct === (mode === 'direct')) return;
  if (direct) {
    const message = '商户号该产品权限未开通，请前往商户平台>产品中心检查后重试';
    throw new WechatPayRefusal(403, 'NO_AUTH', INTERNAL_CODE.no_partner_relation, message);
  }
  throw parameterError({
    field: '/sub_mchid',
    issue: 'missing',
    location: 'body',
    message: '受理机构必须传入sub_mchid',
    internal: INTERNAL_CODE.sub_mchid_missing,
  });
}

export function checkSubMchid(
  context: SandboxContext,
  merchant: Merchant,
  sub_mchid: string | undefined,
): asserts sub_mchid is string {
  if (sub_mchid === undefined) {
    throw parameterError({
      field: '/sub_mchid',
      issue: 'missing',
      location: 'body',
      message: '受理机构必须传入sub_mchid',
      internal: INTERNAL_CODE.sub_mchid_missing,
    });
  }
  if (sub_mchid === merchant.mchid) {
    throw invalidRequest('子商户号不能与服务商商户号相同', INTERNAL_CODE.own_sub_mchid);
  }
  if (context.sub_merchants.get(sub_mchid)?.sp_mchid !== merchant.mchid) {
    throw invalidRequest('服务商与子商户没有受理关系', INTERNAL_CODE.no_partner_relation);
  }
}

/** The merchant named in body or query must be the one that signed. */
export function checkMchid(
  merchant: Merchant,
  mchid: string | undefined,
  place: { field: string; location: 'body' | 'query' },
): void {
  if (mchid === merchant.mchid) return;
  throw parameterError({
    ...place,
    value: mchid?.slice(0, 32) ?? '',
    issue: 'mchid differs from the one that signed',
    message: '请求参数中的商户号与签名的商户号不一致',
    internal: INTERNAL_CODE.merchant_mismatch,
  });
}

/** The openid that alone may pay, checked to belong to the app id it is given for. */
export function payerOpenid(
  context: SandboxContext,
  party: Party,
  payer: { openid: string | undefined; sub_openid: string | undefined; field: string },
): string {
  const { openid, sub_openid, field } = payer;
  const given = openid ?? sub_openid;
  const appid = openid === undefined ? party.sub_appid : party.appid;
  if (given === undefined || appid === null || context.personOf(given)?.appid !== appid) {
    throw parameterError({
      field,
      ...(given === undefined ? {} : { value: given }),
      issue: given === undefined ? 'missing' : 'openid does not belong to appid',
      location: 'body',
      message: '无效的openid，请确认该openid属于请求中的appid',
      internal: INTERNAL_CODE.openid_required,
    });
  }
  return given;
}
