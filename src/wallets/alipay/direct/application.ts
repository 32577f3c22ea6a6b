import type { SellerApplication } from '../../products/onboarding.ts';

/**
 * An application in the wallet's words. Pictures are named by the wallet's own fields.
 * https://opendocs.alipay.com/solution/ff926f54_ant.merchant.expand.indirect.zft.create
 */
const MERCHANT_TYPES: Readonly<Record<SellerApplication['kind'], string>> = {
  enterprise: '01',
  micro: '06',
  individual: '07',
};
/** Business licence, and the identity card of a person without one. */
const LICENSE = '201';
const ID_CARD = '100';
const CORPORATE = '01';
const PERSONAL = '02';
/** Fields that take several pictures. */
const PICTURE_LISTS: readonly string[] = ['in_door_images', 'out_door_images', 'qualifications'];

function certificate({ kind, license_number, legal_person }: SellerApplication) {
  const { name: legal_name, id_number: legal_cert_no } = legal_person;
  if (kind === 'micro')
    return { cert_type: ID_CARD, cert_no: legal_cert_no, cert_name: legal_name };
  return { cert_type: LICENSE, cert_no: license_number ?? '', legal_name, legal_cert_no };
}

function bankCard({ bank_account: card }: SellerApplication) {
  return {
    account_holder_name: card.holder,
    account_no: card.number,
    account_inst_name: card.bank,
    account_inst_id: card.bank,
    account_branch_name: card.branch ?? card.bank,
    account_inst_city: card.city_code ?? '',
    account_inst_province: '',
    usage_type: card.kind === 'corporate' ? CORPORATE : PERSONAL,
    account_type: 'DC',
  };
}

function pictures(application: SellerApplication): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, image_id] of Object.entries(application.pictures)) {
    fields[name] = PICTURE_LISTS.includes(name) ? [image_id] : image_id;
  }
  return fields;
}

/** Without empty fields: the wallet takes an empty text for a given one. */
function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

export function applicationContent(application: SellerApplication): Record<string, unknown> {
  const { contact, store } = application;
  return {
    external_id: application.application_reference,
    name: application.name,
    alias_name: application.short_name,
    merchant_type: MERCHANT_TYPES[application.kind],
    mcc: application.category,
    ...certificate(application),
    contact_infos: [
      given({
        name: contact.name,
        mobile: contact.mobile,
        email: contact.email ?? '',
        id_card_no: contact.id_number ?? '',
        type: 'LEGAL_PERSON',
      }),
    ],
    service: ['电脑支付', 'wap支付', 'app支付', 'jsapi支付', '当面付'],
    ...(store.url !== undefined && {
      sites: [{ site_type: '01', site_name: store.name, site_url: store.url }],
    }),
    biz_cards: [given(bankCard(application))],
    default_settle_rule: {
      default_settle_type: 'bankCard',
      default_settle_target: application.bank_account.number,
    },
    ...pictures(application),
  };
}
