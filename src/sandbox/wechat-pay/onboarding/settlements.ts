import { businessDate, shanghaiTime } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { textField } from '../../../protocols/wechat-pay/messages.ts';
import { randomDigits } from '../../random.ts';
import type { Collection } from '../../store.ts';
import { checkFields, type Fields } from '../api/fields.ts';
import { WechatPayRefusal } from '../api/refusal.ts';
import type { RouteCall } from '../api/route.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import type { BankAccount, SubMerchant } from '../merchants/sub-merchants.ts';
import { ciphertext, oneOf, text } from '../sharing/fields.ts';
import { noAuth, notFound, sellerOf } from '../sharing/rules.ts';
import { decryptField, decryptOptional } from '../sharing/sensitive.ts';
import { checkBank, isBankNumber, masked, refuseForm } from './checks.ts';

/**
 * The bank account a seller is settled to, and its change: five times a day at most, reviewed
 * before it counts.
 * https://pay.weixin.qq.com/docs/partner/apis/ecommerce-merchant-application/get-settlement.html
 */
interface AccountChange {
  readonly application_no: string;
  readonly sub_mchid: string;
  readonly account: BankAccount;
  readonly day: string;
  readonly due_at: number;
  state: 'AUDITING' | 'AUDIT_SUCCESS' | 'AUDIT_FAIL';
}

const MAX_A_DAY = 5;
const REVIEW_MS = 60_000;

const FIELDS: Fields = {
  modify_mode: oneOf('修改模式', ['MODIFY_MODE_ASYNC', 'MODIFY_MODE_SYNC'], false),
  account_type: oneOf('账户类型', ['ACCOUNT_TYPE_BUSINESS', 'ACCOUNT_TYPE_PRIVATE']),
  account_bank: text('开户银行', 128, { required: true }),
  bank_address_code: text('开户银行省市编码', 128, { required: true, pattern: /^\d{6}$/ }),
  bank_name: text('开户银行全称', 128),
  bank_branch_id: text('开户银行联行号', 128),
  account_number: ciphertext('银行账号', true),
  account_name: ciphertext('开户名称'),
};

function changes(context: SandboxContext): Collection<AccountChange> {
  return context.store.collection<AccountChange>('account_changes');
}

function sellerNamed(
  context: SandboxContext,
  merchant: Merchant,
  { parameters }: RouteCall,
): SubMerchant {
  const sub_mchid = parameters.sub_mchid ?? '';
  sellerOf(context, merchant, { sub_mchid, location: 'url' });
  const seller = context.sub_merchants.get(sub_mchid);
  if (!seller) throw noAuth('商户号与子商户号没有受理关系');
  settleChanges(context, seller);
  return seller;
}

/** Changes whose review is over count from now on; an account in another name does not. */
function settleChanges(context: SandboxContext, seller: SubMerchant): void {
  const now = context.clock.now().getTime();
  for (const change of changes(context).values()) {
    if (change.sub_mchid !== seller.sub_mchid || change.state !== 'AUDITING') continue;
    if (now < change.due_at) continue;
    const right = change.account.holder === seller.account.holder;
    change.state = right ? 'AUDIT_SUCCESS' : 'AUDIT_FAIL';
    changes(context).put(change.application_no, change);
    if (!right) continue;
    seller.account = change.account;
    context.sub_merchants.put(seller);
  }
}

/** GET /v3/apply4sub/sub_merchants/{sub_mchid}/settlement */
export function settlement(context: SandboxContext, merchant: Merchant, call: RouteCall): object {
  const { account } = sellerNamed(context, merchant, call);
  return { ...accountMessage(account), verify_result: 'VERIFY_SUCCESS' };
}

function accountMessage(account: BankAccount): object {
  return {
    account_type: `ACCOUNT_TYPE_${account.type}`,
    account_bank: account.bank,
    ...(account.bank_name === null ? {} : { bank_name: account.bank_name }),
    ...(account.bank_branch_id === null ? {} : { bank_branch_id: account.bank_branch_id }),
    account_number: masked(account.number),
  };
}

/** POST /v3/apply4sub/sub_merchants/{sub_mchid}/modify-settlement */
export function modifySettlement(
  context: SandboxContext,
  merchant: Merchant,
  call: RouteCall,
): object {
  const { body, open } = call;
  checkFields(FIELDS, body);
  const seller = sellerNamed(context, merchant, call);
  const number = textField(body, 'account_number') ?? '';
  const place = { name: 'account_name', pointer: '/account_name' };
  const account: BankAccount = {
    type: body.account_type === 'ACCOUNT_TYPE_PRIVATE' ? 'PRIVATE' : 'BUSINESS',
    bank: textField(body, 'account_bank') ?? '',
    bank_name: textField(body, 'bank_name') ?? null,
    bank_branch_id: textField(body, 'bank_branch_id') ?? null,
    holder: decryptOptional(open, body, place) ?? seller.account.holder,
    number: decryptField(open, number, '/account_number'),
  };
  checkBank(account, '/account_bank');
  if (!isBankNumber(account.number)) refuseForm('/account_number', '银行账号只能是8至32位数字');
  const now = context.clock.now();
  const day = businessDate(now);
  const today = [...changes(context).values()].filter(
    (change) => change.sub_mchid === seller.sub_mchid && change.day === day,
  );
  if (today.length >= MAX_A_DAY) {
    const message = `同一商户号每天最多修改${MAX_A_DAY}次结算账户`;
    throw new WechatPayRefusal(429, 'RATELIMIT_EXCEEDED', INTERNAL_CODE.rate_limited, message);
  }
  const application_no = randomDigits(context.random, 12);
  changes(context).put(application_no, {
    application_no,
    sub_mchid: seller.sub_mchid,
    account,
    day,
    due_at: now.getTime() + REVIEW_MS,
    state: 'AUDITING',
  });
  return { application_no };
}

/** GET /v3/apply4sub/sub_merchants/{sub_mchid}/application/{application_no} */
export function queryChange(context: SandboxContext, merchant: Merchant, call: RouteCall): object {
  const seller = sellerNamed(context, merchant, call);
  const change = changes(context).get(call.parameters.application_no ?? '');
  if (change?.sub_mchid !== seller.sub_mchid) throw notFound('修改结算账户申请单不存在');
  const { account, state, due_at } = change;
  return {
    account_name: context.keys.seal(merchant, account.holder),
    ...accountMessage(account),
    verify_result: state,
    ...(state === 'AUDIT_FAIL' ? { verify_fail_reason: '开户名称与商户主体不一致' } : {}),
    ...(state === 'AUDITING' ? {} : { verify_finish_time: shanghaiTime(new Date(due_at)) }),
  };
}
