import { shanghaiTime } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import {
  isWireObject,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import {
  type ConsentClosure,
  type ConsentMessage,
  TRANSFER_LIMITS,
} from '../../../protocols/wechat-pay/transfers.ts';
import { randomDigits } from '../../random.ts';
import { checkFields } from '../api/fields.ts';
import { invalidRequest, otherParameters, WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { digest } from '../orders/fingerprint.ts';
import type { ConsentAlong, ConsentRecord, TransferRecord } from './book.ts';
import { payeeOf } from './checks.ts';
import { CONSENT_FIELDS } from './schemas.ts';

/**
 * Standing consents: the payee agrees once, within 24 hours, and later transfers of that scene
 * arrive without asking.
 * https://pay.weixin.qq.com/doc/v3/merchant/4015901167
 */
export function askConsent(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): Pick<ConsentMessage, 'out_authorization_no' | 'state' | 'create_time' | 'package_info'> {
  checkFields(CONSENT_FIELDS, body);
  const number = textField(body, 'out_authorization_no') ?? '';
  const fingerprint = digest(body);
  const known = context.transfers.consent(merchant.mchid, number);
  if (known && known.fingerprint !== fingerprint) {
    throw otherParameters('商户侧授权单号已存在，且请求参数与首次请求不一致');
  }
  const record = known ?? open(context, merchant, { body, fingerprint });
  expireConsent(context, record);
  if (record.state !== 'WAIT_USER_CONFIRM') {
    throw invalidRequest('授权单已处理，请更换单号', INTERNAL_CODE.bad_parameter);
  }
  const { state, package_info } = record;
  const create_time = shanghaiTime(new Date(record.created_at));
  return { out_authorization_no: number, state, create_time, package_info };
}

function open(
  context: SandboxContext,
  merchant: Merchant,
  request: { body: WireObject; fingerprint: string },
): ConsentRecord {
  const { body, fingerprint } = request;
  const person = payeeOf(context, merchant, body);
  checkCount(context, merchant, person);
  const now = context.clock.now().getTime();
  const record: ConsentRecord = {
    mchid: merchant.mchid,
    out_authorization_no: textField(body, 'out_authorization_no') ?? '',
    authorization_id: randomDigits(context.random, 27),
    appid: textField(body, 'appid') ?? merchant.appid,
    openid: textField(body, 'openid') ?? '',
    person,
    scene: textField(body, 'transfer_scene_id') ?? '',
    display_name: textField(body, 'user_display_name') ?? '',
    perception: textField(body, 'user_recv_perception') ?? null,
    notify_url: textField(body, 'authorization_notify_url') ?? '',
    fingerprint,
    package_info: context.random.bytes(48).toString('base64'),
    created_at: now,
    expires_at: now + TRANSFER_LIMITS.confirm_ms,
    state: 'WAIT_USER_CONFIRM',
    authorized_at: null,
    closed_at: null,
    close_reason: null,
  };
  context.transfers.putConsent(record);
  return record;
}

function checkCount(context: SandboxContext, { mchid }: Merchant, person: string): void {
  const theirs = context.transfers.consentsOf(person).filter((record) => record.mchid === mchid);
  for (const record of theirs) expireConsent(context, record);
  if (theirs.filter(({ state }) => state !== 'CLOSED').length < TRANSFER_LIMITS.consents) return;
  const message = '用户在当前场景下的授权数量达到限制，不支持发起授权';
  throw invalidRequest(message, INTERNAL_CODE.out_of_range);
}

/** What a transfer asks of its payee besides; a number that is taken is refused. */
export function consentAlong(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): ConsentAlong | undefined {
  const asked = isWireObject(body.authorization_info) ? body.authorization_info : undefined;
  if (!asked) return undefined;
  const out_authorization_no = textField(asked, 'out_authorization_no') ?? '';
  if (context.transfers.consent(merchant.mchid, out_authorization_no)) {
    throw otherParameters('商户侧授权单号已存在');
  }
  return {
    out_authorization_no,
    display_name: textField(asked, 'user_display_name') ?? '',
    notify_url: textField(asked, 'authorization_notify_url') ?? '',
  };
}

/** The payee took the money and agreed with the same tap. */
export function agreedAlong(context: SandboxContext, transfer: TransferRecord): void {
  const { asks, mchid, appid, openid, person, scene, fingerprint, package_info } = transfer;
  if (!asks || context.transfers.consent(mchid, asks.out_authorization_no)) return;
  grantConsent(context, {
    ...asks,
    mchid,
    authorization_id: randomDigits(context.random, 27),
    appid,
    openid,
    person,
    scene,
    perception: null,
    fingerprint,
    package_info,
    created_at: transfer.created_at,
    expires_at: transfer.expires_at,
    state: 'WAIT_USER_CONFIRM',
    authorized_at: null,
    closed_at: null,
    close_reason: null,
  });
}

/** GET …/user-confirm-authorization/out-authorization-no/{out_authorization_no} */
export function queryConsent(
  context: SandboxContext,
  merchant: Merchant,
  asked: { number: string; display: boolean },
): ConsentMessage {
  const record = find(context, merchant, asked.number);
  const shown = asked.display && record.state === 'WAIT_USER_CONFIRM';
  return {
    ...consentMessage(record),
    transfer_scene_id: record.scene,
    ...(record.perception === null ? {} : { user_recv_perception: record.perception }),
    create_time: shanghaiTime(new Date(record.created_at)),
    ...(shown ? { package_info: record.package_info } : {}),
  };
}

/** POST …/{out_authorization_no}/close */
export function closeConsent(
  context: SandboxContext,
  merchant: Merchant,
  number: string,
): ConsentMessage {
  const record = find(context, merchant, number);
  if (record.state === 'WAIT_USER_CONFIRM') {
    throw invalidRequest('授权尚未生效，不能解除', INTERNAL_CODE.bad_parameter);
  }
  end(context, record, 'CLOSE_VIA_MCH_API');
  return consentMessage(record);
}

/** The payee agrees; later transfers of this scene need no more. */
export function grantConsent(context: SandboxContext, record: ConsentRecord): void {
  record.state = 'TAKING_EFFECT';
  record.authorized_at = context.clock.now().getTime();
  context.transfers.putConsent(record);
  tell(context, record, 'MCHTRANSFER.AUTHORIZATION.CONFIRMED');
}

/** Ends a consent, once; the merchant is told unless nobody ever agreed. */
export function end(context: SandboxContext, record: ConsentRecord, reason: ConsentClosure): void {
  if (record.state === 'CLOSED') return;
  const agreed = record.state === 'TAKING_EFFECT';
  record.state = 'CLOSED';
  record.closed_at = context.clock.now().getTime();
  record.close_reason = reason;
  context.transfers.putConsent(record);
  if (agreed) tell(context, record, 'MCHTRANSFER.AUTHORIZATION.CLOSED');
}

export function expireConsent(context: SandboxContext, record: ConsentRecord): void {
  const late = context.clock.now().getTime() >= record.expires_at;
  if (record.state === 'WAIT_USER_CONFIRM' && late) {
    end(context, record, 'USER_OVERDUE_UNCONFIRMED');
  }
}

/** Throws unless the consent named by the request covers this payee and scene just now. */
export function requireConsent(
  context: SandboxContext,
  merchant: Merchant,
  body: WireObject,
): void {
  const record = context.transfers.consentById(textField(body, 'authorization_id') ?? '');
  const covers =
    record?.mchid === merchant.mchid &&
    record.state === 'TAKING_EFFECT' &&
    record.openid === textField(body, 'openid') &&
    record.scene === textField(body, 'transfer_scene_id');
  if (covers) return;
  const message = '用户未授权：授权单不存在、未生效，或与收款用户、转账场景不符';
  throw new WechatPayRefusal(403, 'NO_AUTH', INTERNAL_CODE.bad_parameter, message);
}

function find(context: SandboxContext, merchant: Merchant, number: string): ConsentRecord {
  const record = context.transfers.consent(merchant.mchid, number);
  if (record) expireConsent(context, record);
  if (!record || isForgotten(context, record)) {
    throw new WechatPayRefusal(404, 'NOT_FOUND', INTERNAL_CODE.order_not_found, '记录不存在');
  }
  return record;
}

/** One that nobody confirmed is kept for 30 days. */
function isForgotten(context: SandboxContext, record: ConsentRecord): boolean {
  if (record.close_reason !== 'USER_OVERDUE_UNCONFIRMED') return false;
  const oldest = context.clock.now().getTime() - TRANSFER_LIMITS.query_ms;
  return (record.closed_at ?? oldest) < oldest;
}

function consentMessage(record: ConsentRecord): ConsentMessage {
  const { authorized_at, closed_at, close_reason } = record;
  return {
    out_authorization_no: record.out_authorization_no,
    appid: record.appid,
    openid: record.openid,
    user_display_name: record.display_name,
    state: record.state,
    ...(authorized_at === null
      ? {}
      : {
          authorization_id: record.authorization_id,
          authorize_time: shanghaiTime(new Date(authorized_at)),
        }),
    ...(closed_at === null || close_reason === null
      ? {}
      : { close_info: { close_time: shanghaiTime(new Date(closed_at)), close_reason } }),
  };
}

type ConsentEvent = 'MCHTRANSFER.AUTHORIZATION.CONFIRMED' | 'MCHTRANSFER.AUTHORIZATION.CLOSED';

function tell(context: SandboxContext, record: ConsentRecord, event_type: ConsentEvent): void {
  const { mchid, notify_url: url } = record;
  context.notices.send({ mchid, url, event_type, content: consentMessage(record) });
}
