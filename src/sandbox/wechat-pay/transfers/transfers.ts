import { shanghaiTime } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { fenField, fenNumber, textField } from '../../../protocols/wechat-pay/messages.ts';
import { oaepEncrypt } from '../../../protocols/wechat-pay/oaep.ts';
import {
  TRANSFER_LIMITS,
  type TransferCreated,
  type TransferMessage,
} from '../../../protocols/wechat-pay/transfers.ts';
import { InsufficientFunds } from '../../funds.ts';
import { randomDigits } from '../../random.ts';
import { checkFields } from '../api/fields.ts';
import { invalidRequest, otherParameters, WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import type { SensitiveCall } from '../sharing/sensitive.ts';
import { type ConsentAlong, OPEN_STATES, type TransferRecord } from './book.ts';
import { checkQuota, checkScene, fingerprintOf, nameOf, payeeOf } from './checks.ts';
import { consentAlong, requireConsent } from './consents.ts';
import { expireTransfer, moveFunds, process, startCancel } from './progress.ts';
import { ASKING_FIELDS, CONSENTED_FIELDS, TRANSFER_FIELDS } from './schemas.ts';

/**
 * Transfers to persons. The same number with the same data answers with the transfer as it stands;
 * with other data it is refused. Whether the answer was seen or not, a query decides.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012716434
 */
export function createTransfer(
  context: SandboxContext,
  merchant: Merchant,
  call: SensitiveCall,
): TransferCreated {
  checkFields(TRANSFER_FIELDS, call.body);
  const record = reentered(context, merchant, call) ?? open(context, merchant, call);
  return created(record);
}

/** https://pay.weixin.qq.com/doc/v3/merchant/4014399293 */
export function createAskingTransfer(
  context: SandboxContext,
  merchant: Merchant,
  call: SensitiveCall,
): TransferCreated {
  checkFields(ASKING_FIELDS, call.body);
  let record = reentered(context, merchant, call);
  if (!record) {
    const asks = consentAlong(context, merchant, call.body);
    record = open(context, merchant, call, { ...(asks ? { asks } : {}) });
  }
  return created(record);
}

/** https://pay.weixin.qq.com/doc/v3/merchant/4014399371 */
export function createConsentedTransfer(
  context: SandboxContext,
  merchant: Merchant,
  call: SensitiveCall,
): TransferMessage {
  checkFields(CONSENTED_FIELDS, call.body);
  let record = reentered(context, merchant, call);
  if (!record) {
    requireConsent(context, merchant, call.body);
    record = open(context, merchant, call, { consented: true });
  }
  return message(record, merchant);
}

function open(
  context: SandboxContext,
  merchant: Merchant,
  call: SensitiveCall,
  { consented = false, asks }: { consented?: boolean; asks?: ConsentAlong } = {},
): TransferRecord {
  const { body } = call;
  const person = payeeOf(context, merchant, body);
  checkScene(body);
  const now = context.clock.now();
  const record: TransferRecord = {
    mchid: merchant.mchid,
    out_bill_no: textField(body, 'out_bill_no') ?? '',
    transfer_bill_no: `13300${randomDigits(context.random, 35)}`,
    appid: textField(body, 'appid') ?? merchant.appid,
    openid: textField(body, 'openid') ?? '',
    person,
    amount: fenField(body, 'transfer_amount') ?? 0n,
    remark: textField(body, 'transfer_remark') ?? '',
    scene: textField(body, 'transfer_scene_id') ?? '',
    notify_url: textField(body, 'notify_url') ?? null,
    user_name: nameOf(call),
    fingerprint: fingerprintOf(call),
    package_info: context.random.bytes(48).toString('base64'),
    consented,
    ...(asks ? { asks } : {}),
    created_at: now.getTime(),
    expires_at: now.getTime() + TRANSFER_LIMITS.confirm_ms,
    state: 'ACCEPTED',
    fail_reason: null,
    updated_at: now.getTime(),
  };
  checkQuota(context, record);
  takeFunds(context, record);
  context.transfers.put(record);
  if (consented || record.user_name !== null) context.later(() => process(context, record), 0);
  else process(context, record);
  return record;
}

function takeFunds(context: SandboxContext, record: TransferRecord): void {
  const occasion = { operation: 'transfer.create', amount: record.amount };
  const short = context.faults.strikes('merchant_short', occasion) !== undefined;
  try {
    if (short) throw new InsufficientFunds(record.mchid);
    moveFunds(context, record, 'out');
  } catch (error) {
    if (!(error instanceof InsufficientFunds)) throw error;
    const message = '商户运营账户资金不足，请充值后以原单号重试';
    throw new WechatPayRefusal(403, 'NOT_ENOUGH', INTERNAL_CODE.out_of_range, message);
  }
}

function reentered(
  context: SandboxContext,
  merchant: Merchant,
  call: SensitiveCall,
): TransferRecord | undefined {
  const known = context.transfers.get(merchant.mchid, textField(call.body, 'out_bill_no') ?? '');
  if (!known) return undefined;
  if (known.fingerprint !== fingerprintOf(call)) {
    throw otherParameters('商户单号已存在，且请求参数与首次请求不一致');
  }
  expireTransfer(context, known);
  return known;
}

/** By either number, at most 30 days after its creation. */
export function queryTransfer(
  context: SandboxContext,
  merchant: Merchant,
  number: { out_bill_no: string } | { transfer_bill_no: string },
): TransferMessage {
  return message(find(context, merchant, number), merchant);
}

/** POST …/out-bill-no/{out_bill_no}/cancel */
export function cancelTransfer(
  context: SandboxContext,
  merchant: Merchant,
  out_bill_no: string,
): object {
  const record = find(context, merchant, { out_bill_no });
  if (OPEN_STATES.some((state) => state === record.state)) startCancel(context, record);
  if (record.state !== 'CANCELING' && record.state !== 'CANCELLED') {
    const internal = INTERNAL_CODE.bad_parameter;
    throw invalidRequest('当前单据状态不支持撤销：用户已确认收款或单据已到终态', internal);
  }
  return {
    out_bill_no,
    transfer_bill_no: record.transfer_bill_no,
    state: record.state,
    update_time: shanghaiTime(new Date(record.updated_at)),
  };
}

function find(
  context: SandboxContext,
  merchant: Merchant,
  number: { out_bill_no: string } | { transfer_bill_no: string },
): TransferRecord {
  const record =
    'out_bill_no' in number
      ? context.transfers.get(merchant.mchid, number.out_bill_no)
      : context.transfers.byNumber(number.transfer_bill_no);
  const oldest = context.clock.now().getTime() - TRANSFER_LIMITS.query_ms;
  if (!record || record.mchid !== merchant.mchid || record.created_at < oldest) {
    throw new WechatPayRefusal(404, 'NOT_FOUND', INTERNAL_CODE.order_not_found, '记录不存在');
  }
  expireTransfer(context, record);
  return record;
}

function created(record: TransferRecord): TransferCreated {
  const open = OPEN_STATES.some((state) => state === record.state);
  return {
    out_bill_no: record.out_bill_no,
    transfer_bill_no: record.transfer_bill_no,
    create_time: shanghaiTime(new Date(record.created_at)),
    state: record.state,
    ...(record.fail_reason === null ? {} : { fail_reason: record.fail_reason }),
    ...(open ? { package_info: record.package_info } : {}),
  };
}

function message(record: TransferRecord, merchant: Merchant): TransferMessage {
  const user_name =
    record.user_name === null ? undefined : oaepEncrypt(merchant.verify_key, record.user_name);
  return {
    mch_id: record.mchid,
    out_bill_no: record.out_bill_no,
    transfer_bill_no: record.transfer_bill_no,
    appid: record.appid,
    state: record.state,
    transfer_amount: fenNumber(record.amount),
    transfer_remark: record.remark,
    ...(record.fail_reason === null ? {} : { fail_reason: record.fail_reason }),
    openid: record.openid,
    ...(user_name === undefined ? {} : { user_name }),
    create_time: shanghaiTime(new Date(record.created_at)),
    update_time: shanghaiTime(new Date(record.updated_at)),
  };
}
