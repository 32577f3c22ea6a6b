import type { WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { SellerApplication } from '../../products/onboarding.ts';

/**
 * A seller's application in the words of either family. `seal` encrypts one field; pictures are
 * taken by the wallet's own field names, and those that are not given are left out.
 * https://pay.weixin.qq.com/docs/partner/apis/ecommerce-merchant-application/applyment/submit-applyment.html
 */
export type Seal = (text: string) => string;

/** What the contract leaves open and this family needs; undefined when nothing is missing. */
export function missing(
  application: SellerApplication,
  family: 'platform' | 'partner',
): string | undefined {
  const { kind, license_number, legal_person, contact, bank_account, store } = application;
  if (kind !== 'micro' && license_number === undefined) return 'license_number';
  if (contact.name !== legal_person.name && contact.id_number === undefined) {
    return 'contact.id_number (the contact is not the legal person)';
  }
  if (family === 'platform') return undefined;
  if (contact.email === undefined) return 'contact.email';
  if (bank_account.city_code === undefined) return 'bank_account.city_code';
  return store.url === undefined ? 'store.url' : undefined;
}

const ORGANIZATIONS = { micro: '2401', individual: '4', enterprise: '2' } as const;
const SUBJECTS = {
  micro: 'SUBJECT_TYPE_MICRO',
  individual: 'SUBJECT_TYPE_INDIVIDUAL',
  enterprise: 'SUBJECT_TYPE_ENTERPRISE',
} as const;

export function platformApplication(application: SellerApplication, seal: Seal): WireObject {
  const { kind, legal_person, contact, bank_account, store } = application;
  const is_legal = contact.name === legal_person.name;
  return {
    out_request_no: application.application_reference,
    organization_type: ORGANIZATIONS[kind],
    ...(kind === 'micro'
      ? {}
      : {
          business_license_info: {
            ...pictures(application, ['business_license_copy']),
            business_license_number: application.license_number,
            merchant_name: application.name,
            legal_person: legal_person.name,
          },
        }),
    id_doc_type: 'IDENTIFICATION_TYPE_IDCARD',
    id_card_info: {
      ...pictures(application, ['id_card_copy', 'id_card_national']),
      id_card_name: seal(legal_person.name),
      id_card_number: seal(legal_person.id_number),
      id_card_valid_time: legal_person.id_valid_until,
    },
    account_info: {
      bank_account_type: bank_account.kind === 'corporate' ? '74' : '75',
      ...bankFields(application),
      account_name: seal(bank_account.holder),
      account_number: seal(bank_account.number),
    },
    contact_info: {
      contact_type: is_legal ? '65' : '66',
      contact_name: seal(contact.name),
      ...sealed({ contact_id_card_number: contact.id_number }, seal),
      ...pictures(application, [...CONTACT_PICTURES]),
      mobile_phone: seal(contact.mobile),
      ...sealed({ contact_email: contact.email }, seal),
    },
    sales_scene_info: {
      store_name: store.name,
      ...(store.url === undefined ? {} : { store_url: store.url }),
      ...pictures(application, ['store_qr_code']),
    },
    settlement_info: settlement(application),
    merchant_shortname: application.short_name,
  };
}

export function partnerApplication(application: SellerApplication, seal: Seal): WireObject {
  const { legal_person, contact, bank_account, store } = application;
  const corporate = bank_account.kind === 'corporate';
  return {
    business_code: application.application_reference,
    contact_info: {
      contact_type: contact.name === legal_person.name ? 'LEGAL' : 'SUPER',
      contact_name: seal(contact.name),
      ...sealed({ contact_id_number: contact.id_number }, seal),
      ...pictures(application, [...CONTACT_PICTURES]),
      mobile_phone: seal(contact.mobile),
      ...sealed({ contact_email: contact.email }, seal),
    },
    subject_info: subject(application, seal),
    business_info: {
      merchant_shortname: application.short_name,
      service_phone: contact.mobile,
      sales_info: {
        sales_scenes_type: ['SALES_SCENES_WEB'],
        web_info: { domain: store.url, ...pictures(application, ['web_authorisation']) },
      },
    },
    settlement_info: settlement(application),
    bank_account_info: {
      bank_account_type: `BANK_ACCOUNT_TYPE_${corporate ? 'CORPORATE' : 'PERSONAL'}`,
      ...bankFields(application),
      account_name: seal(bank_account.holder),
      account_number: seal(bank_account.number),
    },
  };
}

function subject(application: SellerApplication, seal: Seal): WireObject {
  const { kind, legal_person } = application;
  return {
    subject_type: SUBJECTS[kind],
    ...(kind === 'micro'
      ? {}
      : {
          business_license_info: {
            ...pictures(application, ['license_copy']),
            license_number: application.license_number,
            merchant_name: application.name,
            legal_person: legal_person.name,
          },
        }),
    identity_info: {
      id_doc_type: 'IDENTIFICATION_TYPE_IDCARD',
      id_card_info: {
        ...pictures(application, ['id_card_copy', 'id_card_national']),
        id_card_name: seal(legal_person.name),
        id_card_number: seal(legal_person.id_number),
        card_period_begin: legal_person.id_valid_from ?? EARLIEST,
        card_period_end: legal_person.id_valid_until,
      },
      owner: true,
    },
  };
}

/** Asked for and checked against the picture alone, where the caller does not know it. */
const EARLIEST = '2000-01-01';
const CONTACT_PICTURES = [
  'contact_id_doc_copy',
  'contact_id_doc_copy_back',
  'business_authorization_letter',
] as const;

function pictures(application: SellerApplication, names: readonly string[]): WireObject {
  const given = names.filter((name) => application.pictures[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, application.pictures[name]]));
}

function sealed(fields: Readonly<Record<string, string | undefined>>, seal: Seal): WireObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, seal(text)]],
    ),
  );
}

/** A bank that WeChat Pay does not list is `其他银行` with its full name. */
function bankFields({ bank_account }: SellerApplication): WireObject {
  const { bank, branch, city_code } = bank_account;
  return {
    account_bank: bank,
    ...(city_code === undefined ? {} : { bank_address_code: city_code }),
    ...(branch === undefined ? {} : { bank_name: branch }),
  };
}

/** `719:零售`: the settlement rule and, behind a colon, the industry. */
function settlement({ category }: SellerApplication): WireObject {
  const [settlement_id = '', qualification_type] = category.split(':', 2);
  return {
    ...(settlement_id === '' ? {} : { settlement_id }),
    ...(qualification_type === undefined ? {} : { qualification_type }),
  };
}
