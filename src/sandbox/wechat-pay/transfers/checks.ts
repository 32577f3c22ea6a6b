import { businessDate } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  fenField,
  isWireObject,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { TRANSFER_LIMITS, TRANSFER_SCENES } from '../../../protocols/wechat-pay/transfers.ts';
import { invalidRequest, parameterError, WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import { boundAppid } from '../merchants/apps.ts';
import type { Merchant } from '../merchants/keys.ts';
import { digest } from '../orders/fingerprint.ts';
import type { SensitiveCall } from '../sharing/sensitive.ts';
import type { TransferRecord } from './book.ts';

/** What a transfer must satisfy before any money leaves. */
/** Who is to get it: an openid of one of the merchant's app ids. */
export function payeeOf(context: SandboxContext, merchant: Merchant, body: WireObject): string {
  const appid = boundAppid(context, merchant, textField(body, 'appid'));
  const known = context.personOf(textField(body, 'openid') ?? '');
  if (known?.appid === appid) return known.person;
  throw parameterError({
    field: '/openid',
    issue: 'openid does not belong to appid',
    location: 'body',
    message: '无效的openid，请确认该openid属于请求中的appid',
    internal: INTERNAL_CODE.openid_required,
  });
}

export function checkScene(body: WireObject): void {
  const wanted = TRANSFER_SCENES[textField(body, 'transfer_scene_id') ?? ''] ?? [];
  const infos = Array.isArray(body.transfer_scene_report_infos)
    ? body.transfer_scene_report_infos.filter(isWireObject)
    : [];
  const given = infos.map((info) => textField(info, 'info_type') ?? '');
  const complete =
    wanted.length === 0
      ? given.length > 0
      : given.length === wanted.length && wanted.every((name) => given.includes(name));
  if (complete) return;
  throw invalidRequest(
    `转账场景报备信息不符合要求，该场景须且仅须报备：${wanted.join('、') || '至少一项'}`,
    INTERNAL_CODE.bad_parameter,
  );
}

/** The name in plain text; null when the request has none and needs none. */
export function nameOf({ body, open }: SensitiveCall): string | null {
  const sealed = textField(body, 'user_name');
  if (sealed !== undefined) {
    const name = open(sealed);
    if (name !== undefined) return name;
    throw parameterError({
      field: '/user_name',
      issue: 'cannot be decrypted with the key of Wechatpay-Serial',
      location: 'body',
      message: '收款用户姓名解密失败，请使用Http头Wechatpay-Serial对应的公钥加密',
    });
  }
  if ((fenField(body, 'transfer_amount') ?? 0n) < TRANSFER_LIMITS.name_from) return null;
  throw parameterError({
    field: '/user_name',
    issue: 'missing',
    location: 'body',
    message: '转账金额大于等于2000元时，收款用户姓名必填',
  });
}

/** The ciphertext of a name differs on every try, so its plain text counts. */
export function fingerprintOf({ body, open }: SensitiveCall): string {
  const sealed = textField(body, 'user_name');
  if (sealed === undefined) return digest(body);
  return digest({ ...body, user_name: open(sealed) ?? sealed });
}

/** Midnight in Shanghai of the business day that is now, epoch milliseconds. */
function dayStart(now: Date): number {
  return new Date(`${businessDate(now)}T00:00:00+08:00`).getTime();
}

export function checkQuota(context: SandboxContext, record: TransferRecord): void {
  const { mchid, person, amount } = record;
  const since = dayStart(context.clock.now());
  const all = context.transfers.sentSince(mchid, since) + amount;
  const theirs = context.transfers.sentSince(mchid, since, person) + amount;
  if (all <= TRANSFER_LIMITS.merchant_day && theirs <= TRANSFER_LIMITS.payee_day) return;
  const whose = all > TRANSFER_LIMITS.merchant_day ? '商户单日转账额度' : '同一用户单日收款额度';
  const internal = INTERNAL_CODE.out_of_range;
  throw new WechatPayRefusal(403, 'QUOTA_EXCEED', internal, `超出${whose}`);
}
