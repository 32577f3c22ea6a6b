import type { Fields } from '../api/fields.ts';
import { ciphertext, oneOf, text } from '../sharing/fields.ts';
import {
  date,
  documentType,
  FINANCE_INFO,
  media,
  mediaList,
  PLATFORM_SENSITIVE,
  part,
  UBO_LIST,
} from './platform-fields.ts';

/** The body of an ordinary partner's application for a seller. */
const required = { required: true } as const;

const contact: Fields = {
  contact_type: oneOf('超级管理员类型', ['LEGAL', 'SUPER']),
  contact_name: ciphertext('超级管理员姓名', true),
  contact_id_doc_type: documentType('超级管理员证件类型'),
  contact_id_number: ciphertext('超级管理员身份证件号码'),
  contact_id_doc_copy: media('超级管理员证件正面照片'),
  contact_id_doc_copy_back: media('超级管理员证件反面照片'),
  contact_period_begin: date('超级管理员证件有效期开始时间'),
  contact_period_end: date('超级管理员证件有效期结束时间'),
  business_authorization_letter: media('业务办理授权函'),
  openid: ciphertext('超级管理员微信OpenID'),
  mobile_phone: ciphertext('联系手机', true),
  contact_email: ciphertext('联系邮箱', true),
};

const license: Fields = {
  license_copy: media('营业执照照片', required),
  license_number: text('注册号/统一社会信用代码', 18, required),
  merchant_name: text('商户名称', 128, required),
  legal_person: text('个体户经营者/法人姓名', 64, required),
  license_address: text('注册地址', 128),
  period_begin: date('有效期限开始日期'),
  period_end: date('有效期限结束日期'),
};

const certificate: Fields = {
  cert_copy: media('登记证书照片', required),
  cert_type: text('登记证书类型', 32, { required: true, pattern: /^CERTIFICATE_TYPE_\d{4}$/ }),
  cert_number: text('证书号', 32, required),
  merchant_name: text('商户名称', 128, required),
  company_address: text('注册地址', 128, required),
  legal_person: text('法人姓名', 64, required),
  period_begin: date('有效期限开始日期', required),
  period_end: date('有效期限结束日期', required),
};

const idCard: Fields = {
  id_card_copy: media('身份证人像面照片', required),
  id_card_national: media('身份证国徽面照片', required),
  id_card_name: ciphertext('身份证姓名', true),
  id_card_number: ciphertext('身份证号码', true),
  id_card_address: ciphertext('身份证居住地址'),
  card_period_begin: date('身份证有效期开始时间', required),
  card_period_end: date('身份证有效期结束时间', required),
};

const idDocument: Fields = {
  id_doc_copy: media('证件正面照片', required),
  id_doc_copy_back: media('证件反面照片'),
  id_doc_name: ciphertext('证件姓名', true),
  id_doc_number: ciphertext('证件号码', true),
  id_doc_address: ciphertext('证件居住地址'),
  doc_period_begin: date('证件有效期开始时间', required),
  doc_period_end: date('证件有效期结束时间', required),
};

export const SUBJECT_TYPES = [
  'SUBJECT_TYPE_INDIVIDUAL',
  'SUBJECT_TYPE_ENTERPRISE',
  'SUBJECT_TYPE_INSTITUTIONS',
  'SUBJECT_TYPE_OTHERS',
  'SUBJECT_TYPE_MICRO',
  'SUBJECT_TYPE_GOVERNMENT',
] as const;

const subject: Fields = {
  subject_type: oneOf('主体类型', SUBJECT_TYPES),
  finance_institution: { type: 'boolean', label: '是否是金融机构' },
  business_license_info: part('营业执照', license),
  certificate_info: part('登记证书', certificate),
  certificate_letter_copy: media('单位证明函照片'),
  finance_institution_info: part('金融机构许可证信息', FINANCE_INFO),
  identity_info: part(
    '经营者/法人身份证件',
    {
      id_holder_type: oneOf('证件持有人类型', ['LEGAL', 'SUPER'], false),
      id_doc_type: documentType('证件类型'),
      authorize_letter_copy: media('法定代表人说明函'),
      id_card_info: part('身份证信息', idCard),
      id_doc_info: part('其他类型证件信息', idDocument),
      owner: { type: 'boolean', label: '经营者/法人是否为受益人' },
    },
    required,
  ),
  ubo_info_list: UBO_LIST,
};

const scenes = ['STORE', 'MP', 'MINI_PROGRAM', 'WEB', 'APP', 'WEWORK'] as const;
const appid = (label: string) => text(label, 64);

const sales: Fields = {
  sales_scenes_type: {
    type: 'array',
    label: '经营场景类型',
    required: true,
    max: scenes.length,
    item: oneOf(
      '经营场景类型',
      scenes.map((scene) => `SALES_SCENES_${scene}`),
    ),
  },
  biz_store_info: part('线下场所场景', {
    biz_store_name: text('线下场所名称', 128, required),
    biz_address_code: text('线下场所省市编码', 6, { required: true, pattern: /^\d{6}$/ }),
    biz_store_address: text('线下场所地址', 128, required),
    store_entrance_pic: mediaList('线下场所门头照片'),
    indoor_pic: mediaList('线下场所内部照片'),
    biz_sub_appid: appid('线下场所对应的商家AppID'),
  }),
  mp_info: part('公众号场景', {
    mp_appid: appid('服务商公众号AppID'),
    mp_sub_appid: appid('商家公众号AppID'),
    mp_pics: mediaList('公众号页面截图'),
  }),
  mini_program_info: part('小程序场景', {
    mini_program_appid: appid('服务商小程序AppID'),
    mini_program_sub_appid: appid('商家小程序AppID'),
    mini_program_pics: mediaList('小程序截图'),
  }),
  app_info: part('App场景', {
    app_appid: appid('服务商应用AppID'),
    app_sub_appid: appid('商家应用AppID'),
    app_pics: mediaList('App截图'),
  }),
  web_info: part('互联网网站场景', {
    domain: text('互联网网站域名', 1024, required),
    web_authorisation: media('网站授权函'),
    web_appid: appid('互联网网站对应的商家AppID'),
  }),
  wework_info: part('企业微信场景', {
    sub_corp_id: appid('商家企业微信CorpID'),
    wework_pics: mediaList('企业微信页面截图'),
  }),
};

const bank: Fields = {
  bank_account_type: oneOf('账户类型', [
    'BANK_ACCOUNT_TYPE_CORPORATE',
    'BANK_ACCOUNT_TYPE_PERSONAL',
  ]),
  account_name: ciphertext('开户名称', true),
  account_bank: text('开户银行', 128, required),
  bank_address_code: text('开户银行省市编码', 20, { required: true, pattern: /^\d{6}$/ }),
  bank_branch_id: text('开户银行联行号', 64),
  bank_name: text('开户银行全称', 128),
  account_number: ciphertext('银行账号', true),
};

export const PARTNER_APPLICATION: Fields = {
  business_code: text('业务申请编号', 124, { required: true, pattern: /^[0-9A-Za-z_-]+$/ }),
  contact_info: part('超级管理员信息', contact, required),
  subject_info: part('主体资料', subject, required),
  business_info: part(
    '经营资料',
    {
      merchant_shortname: text('商户简称', 64, required),
      service_phone: text('客服电话', 32, { required: true, pattern: /^[0-9-]+$/ }),
      sales_info: part('经营场景', sales, required),
    },
    required,
  ),
  settlement_info: part(
    '结算规则',
    {
      settlement_id: text('入驻结算规则ID', 3, { required: true, pattern: /^\d{3}$/ }),
      qualification_type: text('所属行业', 200, required),
      qualifications: mediaList('特殊资质图片', 5),
      activities_id: text('优惠费率活动ID', 20),
      activities_rate: text('优惠费率活动值', 50),
      debit_activities_rate: text('非信用卡活动费率值', 20),
      credit_activities_rate: text('信用卡活动费率值', 20),
      activities_additions: mediaList('优惠费率活动补充材料', 5),
    },
    required,
  ),
  bank_account_info: part('结算银行账户', bank, required),
  addition_info: part('补充材料', {
    legal_person_commitment: media('法人开户承诺函'),
    legal_person_video: media('法人开户意愿视频'),
    business_addition_pics: mediaList('补充材料', 5),
    business_addition_msg: text('补充说明', 512),
  }),
};

export const PARTNER_SENSITIVE: ReadonlySet<string> = new Set([
  ...PLATFORM_SENSITIVE,
  'contact_id_number',
  'id_card_address',
  'id_doc_address',
  'openid',
]);
