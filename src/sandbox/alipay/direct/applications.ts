import { createHash } from 'node:crypto';
import { shanghaiStamp } from '../../../clock.ts';
import { type Biz, GatewayRefusal, optionalText, requiredText } from '../api/biz.ts';
import type { Alipay } from '../books.ts';
import { newSerial } from '../numbers.ts';
import { invalidField, listOf } from '../trade/fields.ts';
import type { Call } from '../trade/orders.ts';
import type { Application } from './book.ts';
import { REVIEW_MS, scheduleReview, sellersUnder } from './review.ts';

/**
 * A seller applies through its platform.
 * https://opendocs.alipay.com/solution/ff926f54_ant.merchant.expand.indirect.zft.create
 */
const MERCHANT_TYPES = ['01', '02', '03', '04', '05', '06', '07'];
/** A person without a licence. */
const MICRO = '06';
const IMAGES = [
  'cert_image',
  'legal_cert_front_image',
  'legal_cert_back_image',
  'license_auth_letter_image',
  'in_door_images',
  'out_door_images',
];

function words(biz: Biz, name: string): readonly unknown[] {
  const value = biz[name];
  return Array.isArray(value) ? value : [];
}

function checkImages(alipay: Alipay, biz: Biz): void {
  for (const name of IMAGES) {
    const value = biz[name];
    for (const image of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      if (typeof image === 'string' && alipay.direct.images.get(image)) continue;
      throw invalidField(`${name} 不是已上传的图片 (no uploaded picture)`);
    }
  }
}

function checkContacts(biz: Biz): void {
  const contacts = listOf(biz, 'contact_infos');
  if (contacts.length === 0) throw invalidField('contact_infos 不能为空');
  for (const contact of contacts) {
    requiredText(contact, 'name', { max: 64 });
    const mobile = optionalText(contact, 'mobile', { max: 20, pattern: /^1\d{10}$/ });
    if (mobile === undefined) requiredText(contact, 'phone', { max: 20 });
  }
}

/** What the review could not do without; the rest is taken as it comes. */
function checkFields(alipay: Alipay, biz: Biz): void {
  const type = requiredText(biz, 'merchant_type', { max: 2 });
  if (!MERCHANT_TYPES.includes(type)) throw invalidField('merchant_type (01–07)');
  requiredText(biz, 'mcc', { max: 10, pattern: /^[A-Z]?\d{4}(?:_[A-Z]?\d{4})?$/ });
  requiredText(biz, 'cert_type', { max: 20 });
  requiredText(biz, 'cert_no', { max: 20 });
  if (type !== MICRO) {
    requiredText(biz, 'legal_name', { max: 64 });
    requiredText(biz, 'legal_cert_no', { max: 18 });
    requiredText(biz, 'cert_image', { max: 256 });
  }
  checkContacts(biz);
  if (words(biz, 'service').length === 0) throw invalidField('service 不能为空');
  const account = optionalText(biz, 'alipay_logon_id', { max: 64 });
  if (listOf(biz, 'biz_cards').length === 0 && account === undefined) {
    throw invalidField('biz_cards/alipay_logon_id 不能同时为空');
  }
  checkImages(alipay, biz);
}

function latest(alipay: Alipay, app_id: string, external_id: string): Application | undefined {
  return [...alipay.direct.applications.values()].findLast(
    (known) => known.app_id === app_id && known.external_id === external_id,
  );
}

function apply(call: Call, kind: Application['kind'], smid: string | null): { order_id: string } {
  const { alipay, app, biz } = call;
  const external_id = requiredText(biz, 'external_id', { max: 32, pattern: /^[\w-]+$/ });
  const digest = createHash('sha256').update(JSON.stringify(biz)).digest('hex');
  const before = latest(alipay, app.app_id, external_id);
  if (before && before.kind === kind && before.state !== 'rejected') {
    if (before.digest === digest) return { order_id: before.order_id };
    if (before.state === 'reviewing') throw invalidField('external_id 申请单审核中');
    if (kind === 'ZHIFUTONG_CREATE') throw invalidField('external_id 商户已存在');
  }
  const now = alipay.options.clock.now();
  const application: Application = {
    order_id: newSerial('application', alipay.options.random, now),
    app_id: app.app_id,
    platform: app.seller_id,
    external_id,
    kind,
    name: requiredText(biz, 'name', { max: 64 }),
    alias: requiredText(biz, 'alias_name', { max: 64 }),
    digest,
    has_card: listOf(biz, 'biz_cards').length > 0,
    at: now.getTime(),
    decides_at: now.getTime() + REVIEW_MS,
    state: 'reviewing',
    smid,
    card_alias_no: null,
    memo: null,
  };
  alipay.direct.applications.put(application.order_id, application);
  scheduleReview(alipay, application);
  return { order_id: application.order_id };
}

function checkPlatform(call: Call): void {
  // Only platforms have the product.
  if (call.app.role !== 'platform') throw new GatewayRefusal('isv.insufficient-isv-permissions');
}

export function createSeller(call: Call): Record<string, unknown> {
  checkPlatform(call);
  checkFields(call.alipay, call.biz);
  return apply(call, 'ZHIFUTONG_CREATE', null);
}

/** https://opendocs.alipay.com/solution/ed9060c2_ant.merchant.expand.indirect.zft.modify */
export function modifySeller(call: Call): Record<string, unknown> {
  checkPlatform(call);
  const { alipay, app, biz } = call;
  const smid = requiredText(biz, 'smid', { max: 20 });
  if (!sellersUnder(alipay, app.seller_id).includes(smid)) throw invalidField('smid 不存在');
  checkImages(alipay, biz);
  return apply(call, 'ZHIFUTONG_MODIFY', smid);
}

const STATUS = { reviewing: '031', passed: '99', rejected: '-1' } as const;
const AUDIT = { reviewing: 'CREATE', passed: 'PASS', rejected: 'REJECT' } as const;

function shown(application: Application): Record<string, unknown> {
  const { state, memo, smid, card_alias_no } = application;
  return {
    order_id: application.order_id,
    external_id: application.external_id,
    merchant_name: application.name,
    status: STATUS[state],
    apply_time: shanghaiStamp(new Date(application.at)),
    apply_type: application.kind,
    fk_audit: AUDIT[state],
    ...(memo !== null && { fk_audit_memo: memo }),
    kz_audit: 'SKIP',
    sub_confirm: 'SKIP',
    ...(state === 'passed' && smid !== null && { smid }),
    ...(state === 'passed' && card_alias_no !== null && { card_alias_no }),
    ...(state === 'rejected' && { reason: memo ?? '' }),
  };
}

function own(call: Call): Application[] {
  const { app_id } = call.app;
  return [...call.alipay.direct.applications.values()].filter((known) => known.app_id === app_id);
}

/** https://opendocs.alipay.com/solution/dfebf71b_ant.merchant.expand.indirect.zftorder.query */
export function queryOrders(call: Call): Record<string, unknown> {
  const order_id = optionalText(call.biz, 'order_id', { max: 64 });
  const external_id = optionalText(call.biz, 'external_id', { max: 32 });
  if (order_id === undefined && external_id === undefined) {
    throw invalidField('order_id/external_id 不能同时为空');
  }
  const orders = own(call).filter((known) =>
    order_id === undefined ? known.external_id === external_id : known.order_id === order_id,
  );
  return { orders: orders.map(shown) };
}

/** https://opendocs.alipay.com/apis/api_1/ant.merchant.expand.order.query */
export function queryOrder(call: Call): Record<string, unknown> {
  const order_id = requiredText(call.biz, 'order_id', { max: 64 });
  const application = own(call).find((known) => known.order_id === order_id);
  if (!application) throw invalidField('order_id 不存在');
  const { smid, ...rest } = shown(application);
  return { ...rest, ...(smid !== undefined && { ip_role_id: smid }) };
}
