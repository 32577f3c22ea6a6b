import { objectField, textField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { checkFields } from '../api/fields.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import type { BankAccount } from '../merchants/sub-merchants.ts';
import { digest } from '../orders/fingerprint.ts';
import { noAuth } from '../sharing/rules.ts';
import type { SensitiveCall } from '../sharing/sensitive.ts';
import { type Applicant, type Application, type Step, submit } from './applications.ts';
import {
  inClear,
  isIdNumber,
  isLicenseNumber,
  isMobile,
  need,
  Review,
  refuseForm,
  settlementAccount,
} from './checks.ts';
import { checkMedia } from './media.ts';
import { PARTNER_APPLICATION, PARTNER_SENSITIVE } from './partner-fields.ts';
import { ownApplication } from './steps.ts';

/**
 * An ordinary partner applies for a seller (特约商户进件).
 * https://pay.weixin.qq.com/wiki/doc/apiv3_partner/apis/chapter11_1_1.shtml
 */
const MICRO = 'SUBJECT_TYPE_MICRO';
const INDIVIDUAL = 'SUBJECT_TYPE_INDIVIDUAL';
const LICENSED: ReadonlySet<string> = new Set([INDIVIDUAL, 'SUBJECT_TYPE_ENTERPRISE']);
const CORPORATE = 'BANK_ACCOUNT_TYPE_CORPORATE';

function checkPartner(merchant: Merchant): void {
  if (merchant.role !== 'partner') throw noAuth('仅普通服务商可以使用特约商户进件');
}

/** POST /v3/applyment4sub/applyment/ */
export function applyAsPartner(
  context: SandboxContext,
  merchant: Merchant,
  { body, open }: SensitiveCall,
): object {
  checkPartner(merchant);
  checkFields(PARTNER_APPLICATION, body);
  checkMedia(context, merchant, body);
  const clear = inClear(open, body, PARTNER_SENSITIVE);
  const review = new Review();
  const applicant = applicantOf(clear, review);
  const application = submit(context, merchant, {
    family: 'partner',
    number: textField(clear, 'business_code') ?? '',
    fingerprint: digest(clear),
    applicant,
    findings: review.findings,
  });
  return { applyment_id: Number.parseInt(application.applyment_id, 10) };
}

function applicantOf(body: WireObject, review: Review): Applicant {
  const subject = objectField(body, 'subject_info');
  const type = textField(subject, 'subject_type') ?? '';
  const person = legalPerson(subject, review);
  const name = registeredName(subject, { type, person, review });
  const account = bankAccount(objectField(body, 'bank_account_info'), {
    type,
    person,
    name,
    review,
  });
  checkContact(objectField(body, 'contact_info'), person, review);
  const business = objectField(body, 'business_info');
  const sales = objectField(business, 'sales_info');
  checkScenes(sales);
  const mini_program = objectField(sales, 'mini_program_info');
  return {
    name: name ?? account.holder,
    short_name: textField(business, 'merchant_shortname') ?? '',
    legal_person: person,
    sub_appid: textField(mini_program, 'mini_program_sub_appid') ?? null,
    account,
  };
}

function legalPerson(subject: WireObject, review: Review): string {
  const pointer = '/subject_info/identity_info';
  const identity = objectField(subject, 'identity_info');
  const type = textField(identity, 'id_doc_type') ?? 'IDENTIFICATION_TYPE_IDCARD';
  if (type !== 'IDENTIFICATION_TYPE_IDCARD') {
    need(identity.id_doc_info, `${pointer}/id_doc_info`, '其他类型证件信息');
    return textField(objectField(identity, 'id_doc_info'), 'id_doc_name') ?? '';
  }
  need(identity.id_card_info, `${pointer}/id_card_info`, '身份证信息');
  const card = objectField(identity, 'id_card_info');
  const right = isIdNumber(textField(card, 'id_card_number') ?? '');
  const field = 'subject_info.identity_info.id_card_info.id_card_number';
  review.expect(right, field, '身份证号码', '身份证号码校验不通过，请核对');
  return textField(card, 'id_card_name') ?? '';
}

/** The name on the licence or certificate; a micro seller has none. */
function registeredName(
  subject: WireObject,
  about: { type: string; person: string; review: Review },
): string | undefined {
  const { type, person, review } = about;
  if (type === MICRO) return undefined;
  const part = LICENSED.has(type) ? 'business_license_info' : 'certificate_info';
  const label = LICENSED.has(type) ? '营业执照' : '登记证书';
  need(subject[part], `/subject_info/${part}`, label);
  const paper = objectField(subject, part);
  if (LICENSED.has(type)) {
    const right = isLicenseNumber(textField(paper, 'license_number') ?? '');
    const reason = '注册号格式不正确，应为15位数字或18位统一社会信用代码';
    review.expect(right, `subject_info.${part}.license_number`, '注册号', reason);
  }
  const same = textField(paper, 'legal_person') === person;
  const reason = '法人姓名与证件姓名不一致';
  review.expect(same, `subject_info.${part}.legal_person`, '法人姓名', reason);
  return textField(paper, 'merchant_name');
}

function bankAccount(
  info: WireObject,
  about: { type: string; person: string; name: string | undefined; review: Review },
): BankAccount {
  const { type, person, name, review } = about;
  const corporate = info.bank_account_type === CORPORATE;
  const pointer = '/bank_account_info/bank_account_type';
  if (corporate && type === MICRO) refuseForm(pointer, '小微商户只能使用个人银行账户');
  if (!corporate && type !== MICRO && type !== INDIVIDUAL) {
    refuseForm(pointer, '该主体类型只能使用对公银行账户');
  }
  const owner = corporate ? name : person;
  const place = { pointer: '/bank_account_info', field: 'bank_account_info.account_name' };
  return settlementAccount(info, { corporate, owner, ...place }, review);
}

function checkContact(contact: WireObject, person: string, review: Review): void {
  if (!isMobile(textField(contact, 'mobile_phone') ?? '')) {
    refuseForm('/contact_info/mobile_phone', '联系手机格式不正确');
  }
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(textField(contact, 'contact_email') ?? '')) {
    refuseForm('/contact_info/contact_email', '联系邮箱格式不正确');
  }
  if (contact.contact_type === 'SUPER') {
    need(contact.contact_id_number, '/contact_info/contact_id_number', '超级管理员身份证件号码');
    return;
  }
  const same = textField(contact, 'contact_name') === person;
  const reason = '超级管理员为法人时，姓名必须与证件姓名一致';
  review.expect(same, 'contact_info.contact_name', '超级管理员姓名', reason);
}

const SCENE_PARTS: Readonly<Record<string, string>> = {
  SALES_SCENES_STORE: 'biz_store_info',
  SALES_SCENES_MP: 'mp_info',
  SALES_SCENES_MINI_PROGRAM: 'mini_program_info',
  SALES_SCENES_APP: 'app_info',
  SALES_SCENES_WEB: 'web_info',
  SALES_SCENES_WEWORK: 'wework_info',
};

/** Each scene that is named is also described. */
function checkScenes(sales: WireObject): void {
  const types = Array.isArray(sales.sales_scenes_type) ? sales.sales_scenes_type : [];
  if (types.length === 0) {
    refuseForm('/business_info/sales_info/sales_scenes_type', '经营场景类型不能为空');
  }
  for (const type of types) {
    const part = SCENE_PARTS[String(type)] ?? '';
    need(sales[part], `/business_info/sales_info/${part}`, '对应的经营场景资料');
  }
}

const STATES: Readonly<Record<Step, readonly [state: string, message: string]>> = {
  checking: ['AUDITING', '审核中'],
  auditing: ['AUDITING', '审核中'],
  verifying: ['TO_BE_CONFIRMED', '待账户验证'],
  signing: ['TO_BE_SIGNED', '待签约'],
  opening: ['SIGNING', '开通权限中'],
  finished: ['FINISHED', '已完成'],
  rejected: ['REJECTED', '已驳回'],
  frozen: ['CANCELED', '已作废'],
  cancelled: ['CANCELED', '已作废'],
};

const LINKED: ReadonlySet<Step> = new Set(['verifying', 'signing', 'opening']);

/** GET /v3/applyment4sub/applyment/business_code/{…} and …/applyment_id/{…} */
export function queryPartnerApplication(
  context: SandboxContext,
  merchant: Merchant,
  by: { applyment_id?: string; business_code?: string },
): object {
  checkPartner(merchant);
  const found = ownApplication(context, merchant, {
    applyment_id: by.applyment_id,
    number: by.business_code,
  });
  return applicationMessage(context, found);
}

function applicationMessage(context: SandboxContext, application: Application): object {
  const { step, sub_mchid, findings, sign_token } = application;
  const [state, applyment_state_msg] = STATES[step];
  return {
    business_code: application.number,
    applyment_id: Number.parseInt(application.applyment_id, 10),
    ...(sub_mchid === null ? {} : { sub_mchid }),
    ...(LINKED.has(step) ? { sign_url: `${context.url()}/applyment/${sign_token}` } : {}),
    applyment_state: `APPLYMENT_STATE_${state}`,
    applyment_state_msg,
    ...(step === 'rejected'
      ? {
          audit_detail: findings.map(({ field, label, reason }) => ({
            field,
            field_name: label,
            reject_reason: reason,
          })),
        }
      : {}),
  };
}
