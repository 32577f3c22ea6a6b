import type { Field, Fields } from '../api/fields.ts';
import { ciphertext, oneOf, text } from '../sharing/fields.ts';

/** The body of a platform's application for a seller. */
const required = { required: true } as const;
const DATE = /^(?:\d{4}-\d{2}-\d{2}|长期)$/;
const DOCUMENTS = [
  'IDENTIFICATION_TYPE_IDCARD',
  'IDENTIFICATION_TYPE_OVERSEA_PASSPORT',
  'IDENTIFICATION_TYPE_HONGKONG_PASSPORT',
  'IDENTIFICATION_TYPE_MACAO_PASSPORT',
  'IDENTIFICATION_TYPE_TAIWAN_PASSPORT',
  'IDENTIFICATION_TYPE_FOREIGN_RESIDENT',
  'IDENTIFICATION_TYPE_HONGKONG_MACAO_RESIDENT',
  'IDENTIFICATION_TYPE_TAIWAN_RESIDENT',
] as const;

export function media(label: string, more: { required?: boolean } = {}): Field {
  return text(label, 256, more);
}

export function mediaList(label: string, max = 10): Field {
  return { type: 'array', label, max, item: media(label) };
}

export function date(label: string, more: { required?: boolean } = {}): Field {
  return text(label, 32, { ...more, pattern: DATE });
}

export function documentType(label: string): Field {
  return oneOf(label, DOCUMENTS, false);
}

export function part(label: string, fields: Fields, more: { required?: boolean } = {}): Field {
  return { type: 'object', label, fields, ...more };
}

export const FINANCE_INFO: Fields = {
  finance_type: text('金融机构类型', 32),
  finance_license_pics: mediaList('金融机构许可证图片', 5),
};

export const UBO_LIST: Field = {
  type: 'array',
  label: '最终受益人信息列表',
  max: 4,
  item: part('最终受益人', {
    ubo_id_doc_type: documentType('证件类型'),
    ubo_id_doc_copy: media('证件正面照片', required),
    ubo_id_doc_copy_back: media('证件反面照片'),
    ubo_id_doc_name: ciphertext('受益人姓名', true),
    ubo_id_doc_number: ciphertext('证件号码', true),
    ubo_id_doc_address: ciphertext('证件居住地址'),
    ubo_period_begin: date('证件有效期开始时间', required),
    ubo_period_end: date('证件有效期结束时间', required),
  }),
};

const license: Fields = {
  cert_type: text('登记证书类型', 32, { pattern: /^CERTIFICATE_TYPE_\d{4}$/ }),
  business_license_copy: media('证件扫描件', required),
  business_license_number: text('证件注册号', 18, required),
  merchant_name: text('商户名称', 128, required),
  legal_person: text('经营者/法定代表人姓名', 128, required),
  company_address: text('注册地址', 128),
  business_time: text('营业期限', 256),
};

const idCard: Fields = {
  id_card_copy: media('身份证人像面照片', required),
  id_card_national: media('身份证国徽面照片', required),
  id_card_name: ciphertext('身份证姓名', true),
  id_card_number: ciphertext('身份证号码', true),
  id_card_valid_time_begin: date('身份证有效期开始时间'),
  id_card_valid_time: date('身份证有效期结束时间', required),
};

const idDocument: Fields = {
  id_doc_name: ciphertext('证件姓名', true),
  id_doc_number: ciphertext('证件号码', true),
  id_doc_copy: media('证件正面照片', required),
  id_doc_copy_back: media('证件反面照片'),
  doc_period_begin: date('证件有效期开始时间'),
  doc_period_end: date('证件有效期结束时间', required),
};

const account: Fields = {
  bank_account_type: oneOf('账户类型', ['74', '75']),
  account_bank: text('开户银行', 128, required),
  account_name: ciphertext('开户名称', true),
  bank_address_code: text('开户银行省市编码', 20, { pattern: /^\d{6}$/ }),
  bank_branch_id: text('开户银行联行号', 64, { pattern: /^\d{12}$/ }),
  bank_name: text('开户银行全称', 128),
  account_number: ciphertext('银行账号', true),
};

const contact: Fields = {
  contact_type: oneOf('超级管理员类型', ['65', '66']),
  contact_name: ciphertext('超级管理员姓名', true),
  contact_id_doc_type: documentType('超级管理员证件类型'),
  contact_id_card_number: ciphertext('超级管理员身份证件号码'),
  contact_id_doc_copy: media('超级管理员证件正面照片'),
  contact_id_doc_copy_back: media('超级管理员证件反面照片'),
  contact_period_begin: date('超级管理员证件有效期开始时间'),
  contact_period_end: date('超级管理员证件有效期结束时间'),
  business_authorization_letter: media('业务办理授权函'),
  mobile_phone: ciphertext('超级管理员手机', true),
  contact_email: ciphertext('超级管理员邮箱'),
};

const store: Fields = {
  store_name: text('店铺名称', 256, required),
  store_url: text('店铺链接', 1024),
  store_qr_code: media('店铺二维码'),
  mini_program_sub_appid: text('小程序AppID', 256, { pattern: /^wx[0-9a-f]{16}$/ }),
};

/** 2401 micro, 2500 personal, 4 individual, 2 enterprise, 3, 2502 and 1708 institutions. */
export const ORGANIZATION_TYPES = ['2401', '2500', '4', '2', '3', '2502', '1708'] as const;

export const PLATFORM_APPLICATION: Fields = {
  out_request_no: text('业务申请编号', 124, { required: true, pattern: /^[0-9A-Za-z_-]+$/ }),
  organization_type: oneOf('主体类型', ORGANIZATION_TYPES),
  finance_institution: { type: 'boolean', label: '是否金融机构' },
  business_license_info: part('营业执照/登记证书信息', license),
  finance_institution_info: part('金融机构许可证信息', FINANCE_INFO),
  id_holder_type: oneOf('证件持有人类型', ['LEGAL', 'SUPER'], false),
  id_doc_type: documentType('经营者/法人证件类型'),
  authorize_letter_copy: media('法定代表人说明函'),
  id_card_info: part('经营者/法人身份证信息', idCard),
  id_doc_info: part('经营者/法人其他类型证件信息', idDocument),
  owner: { type: 'boolean', label: '经营者/法人是否为受益人' },
  ubo_info_list: UBO_LIST,
  account_info: part('结算银行账户', account, required),
  contact_info: part('超级管理员信息', contact, required),
  sales_scene_info: part('店铺信息', store, required),
  settlement_info: part('结算规则', {
    settlement_id: text('结算规则ID', 3),
    qualification_type: text('所属行业', 256),
  }),
  merchant_shortname: text('商户简称', 64, required),
  qualifications: mediaList('特殊资质'),
  business_addition_pics: mediaList('补充材料'),
  business_addition_desc: text('补充说明', 256),
};

export const PLATFORM_SENSITIVE: ReadonlySet<string> = new Set([
  'account_name',
  'account_number',
  'contact_email',
  'contact_id_card_number',
  'contact_name',
  'id_card_name',
  'id_card_number',
  'id_doc_name',
  'id_doc_number',
  'mobile_phone',
  'ubo_id_doc_address',
  'ubo_id_doc_name',
  'ubo_id_doc_number',
]);
