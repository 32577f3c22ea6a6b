import { shanghaiStamp } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { objectField, textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { checkFields } from '../api/fields.ts';
import { invalidRequest } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import type { BankAccount } from '../merchants/sub-merchants.ts';
import { digest } from '../orders/fingerprint.ts';
import { checkFamily } from '../sharing/rules.ts';
import type { SensitiveCall } from '../sharing/sensitive.ts';
import { type Applicant, type Application, type Step, submit } from './applications.ts';
import {
  inClear,
  isIdNumber,
  isLicenseNumber,
  isMobile,
  masked,
  need,
  Review,
  refuseForm,
  settlementAccount,
} from './checks.ts';
import { checkMedia } from './media.ts';
import { PLATFORM_APPLICATION, PLATFORM_SENSITIVE } from './platform-fields.ts';
import { enter, ownApplication, PROOF_MS } from './steps.ts';

/**
 * A platform applies for a seller (二级商户进件).
 * https://pay.weixin.qq.com/docs/partner/apis/ecommerce-merchant-application/applyment/submit-applyment.html
 */
const UNLICENSED: ReadonlySet<string> = new Set(['2401', '2500']);
const CORPORATE = '74';

/** POST /v3/ecommerce/applyments/ */
export function applyForSeller(
  context: SandboxContext,
  merchant: Merchant,
  { body, open }: SensitiveCall,
): object {
  checkFamily(merchant, 'platform');
  checkFields(PLATFORM_APPLICATION, body);
  checkMedia(context, merchant, body);
  const clear = inClear(open, body, PLATFORM_SENSITIVE);
  const review = new Review();
  const applicant = applicantOf(clear, review);
  const application = submit(context, merchant, {
    family: 'platform',
    number: textField(clear, 'out_request_no') ?? '',
    fingerprint: digest(clear),
    applicant,
    findings: review.findings,
  });
  return {
    applyment_id: Number.parseInt(application.applyment_id, 10),
    out_request_no: application.number,
  };
}

function applicantOf(body: WireObject, review: Review): Applicant {
  const licensed = !UNLICENSED.has(textField(body, 'organization_type') ?? '');
  if (licensed) need(body.business_license_info, '/business_license_info', '营业执照/登记证书信息');
  const license = objectField(body, 'business_license_info');
  const person = legalPerson(body, review);
  if (licensed) checkLicense(license, person, review);
  const name = textField(license, 'merchant_name');
  const account = bankAccount(body, { person, name, review });
  checkContact(body, person, review);
  const store = objectField(body, 'sales_scene_info');
  if (!store.store_url && !store.store_qr_code && !store.mini_program_sub_appid) {
    refuseForm('/sales_scene_info', '店铺链接、店铺二维码、小程序AppID至少填写一项');
  }
  return {
    name: name ?? account.holder,
    short_name: textField(body, 'merchant_shortname') ?? '',
    legal_person: person,
    sub_appid: textField(store, 'mini_program_sub_appid') ?? null,
    account,
  };
}

/** The name in the person's document. */
function legalPerson(body: WireObject, review: Review): string {
  const type = textField(body, 'id_doc_type') ?? 'IDENTIFICATION_TYPE_IDCARD';
  if (type !== 'IDENTIFICATION_TYPE_IDCARD') {
    need(body.id_doc_info, '/id_doc_info', '经营者/法人其他类型证件信息');
    return textField(objectField(body, 'id_doc_info'), 'id_doc_name') ?? '';
  }
  need(body.id_card_info, '/id_card_info', '经营者/法人身份证信息');
  const card = objectField(body, 'id_card_info');
  const right = isIdNumber(textField(card, 'id_card_number') ?? '');
  review.expect(right, 'id_card_number', '身份证号码', '身份证号码校验不通过，请核对');
  return textField(card, 'id_card_name') ?? '';
}

function checkLicense(license: WireObject, person: string, review: Review): void {
  const number = textField(license, 'business_license_number') ?? '';
  const reason = '证件注册号格式不正确，应为15位数字或18位统一社会信用代码';
  review.expect(isLicenseNumber(number), 'business_license_number', '证件注册号', reason);
  const same = textField(license, 'legal_person') === person;
  review.expect(same, 'legal_person', '法定代表人姓名', '法定代表人姓名与身份证姓名不一致');
}

/** A corporate account is the company's, a personal one the person's. */
function bankAccount(
  body: WireObject,
  about: { person: string; name: string | undefined; review: Review },
): BankAccount {
  const { person, name, review } = about;
  const info = objectField(body, 'account_info');
  const corporate = info.bank_account_type === CORPORATE;
  const organization = textField(body, 'organization_type') ?? '';
  if (corporate && name === undefined) {
    refuseForm('/account_info/bank_account_type', '小微商户、个人卖家只能使用对私银行账户');
  }
  if (!corporate && !['2401', '2500', '4'].includes(organization)) {
    refuseForm('/account_info/bank_account_type', '该主体类型只能使用对公银行账户');
  }
  const owner = corporate ? name : person;
  const place = { pointer: '/account_info', field: 'account_name' };
  return settlementAccount(info, { corporate, owner, ...place }, review);
}

function checkContact(body: WireObject, person: string, review: Review): void {
  const contact = objectField(body, 'contact_info');
  if (!isMobile(textField(contact, 'mobile_phone') ?? '')) {
    refuseForm('/contact_info/mobile_phone', '超级管理员手机号格式不正确');
  }
  const name = textField(contact, 'contact_name');
  if (contact.contact_type === '65') {
    const reason = '超级管理员类型为法人时，姓名必须与证件姓名一致';
    review.expect(name === person, 'contact_name', '超级管理员姓名', reason);
    return;
  }
  need(
    contact.contact_id_card_number,
    '/contact_info/contact_id_card_number',
    '超级管理员证件号码',
  );
}

const STATES: Readonly<Record<Step, readonly [state: string, description: string]>> = {
  checking: ['CHECKING', '资料校验中'],
  verifying: ['ACCOUNT_NEED_VERIFY', '待账户验证'],
  auditing: ['AUDITING', '审核中'],
  signing: ['NEED_SIGN', '待签约'],
  opening: ['NEED_SIGN', '待签约'],
  finished: ['FINISH', '完成'],
  rejected: ['REJECTED', '已驳回'],
  frozen: ['FROZEN', '已冻结'],
  cancelled: ['CANCELED', '已作废'],
};

const SIGNED: ReadonlySet<Step> = new Set(['finished', 'frozen']);

/** One of the two is there. */
export interface By {
  readonly applyment_id?: string | undefined;
  readonly out_request_no?: string | undefined;
}

/** GET /v3/ecommerce/applyments/{applyment_id} and …/out-request-no/{out_request_no} */
export function queryApplication(context: SandboxContext, merchant: Merchant, by: By): object {
  checkFamily(merchant, 'platform');
  const found = ownApplication(context, merchant, {
    applyment_id: by.applyment_id,
    number: by.out_request_no,
  });
  return applicationMessage(context, merchant, found);
}

/** POST …/{applyment_id}/revoke and …/out-request-no/{out_request_no}/revoke; again is as good. */
export function revokeApplication(context: SandboxContext, merchant: Merchant, by: By): object {
  checkFamily(merchant, 'platform');
  const found = ownApplication(context, merchant, {
    applyment_id: by.applyment_id,
    number: by.out_request_no,
  });
  if (found.step === 'finished' || found.step === 'opening') {
    throw invalidRequest('申请单已完成，不允许撤销', INTERNAL_CODE.order_expired);
  }
  if (found.step !== 'cancelled') {
    enter(context, found, { step: 'cancelled', at: context.clock.now().getTime() });
  }
  const { applyment_id, number } = found;
  return { applyment_id: Number.parseInt(applyment_id, 10), out_request_no: number };
}

function applicationMessage(
  context: SandboxContext,
  merchant: Merchant,
  application: Application,
): object {
  const { step, sub_mchid, findings } = application;
  const [applyment_state, applyment_state_desc] = STATES[step];
  const signable = step === 'signing';
  return {
    applyment_state,
    applyment_state_desc,
    sign_state: SIGNED.has(step) ? 'SIGNED' : signable ? 'UNSIGNED' : 'NOT_SIGNABLE',
    ...(signable ? { sign_url: `${context.url()}/applyment/${application.sign_token}` } : {}),
    ...(sub_mchid === null ? {} : { sub_mchid }),
    ...(step === 'verifying' ? { account_validation: proof(context, merchant, application) } : {}),
    ...(step === 'rejected'
      ? {
          audit_detail: findings.map(({ field, reason }) => ({
            param_name: field,
            reject_reason: reason,
          })),
        }
      : {}),
    out_request_no: application.number,
    applyment_id: Number.parseInt(application.applyment_id, 10),
  };
}

/** What the seller must transfer from its account, and where to. */
function proof(context: SandboxContext, merchant: Merchant, application: Application): object {
  const { account } = application.applicant;
  const deadline = new Date(application.step_at + PROOF_MS);
  return {
    account_name: context.keys.seal(merchant, account.holder),
    account_no: context.keys.seal(merchant, masked(account.number)),
    pay_amount: application.proof_amount,
    destination_account_number: `7222${application.applyment_id}`,
    destination_account_name: '财付通支付科技有限公司',
    destination_account_bank: '招商银行威盛大厦支行',
    city: '深圳',
    remark: '入驻账户验证',
    deadline: shanghaiStamp(deadline),
  };
}
