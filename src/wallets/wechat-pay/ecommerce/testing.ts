import { newWalletReference } from '../../../ids.ts';
import type { Onboarding, SellerApplication } from '../../products/onboarding.ts';
import type { WalletAccount } from '../../wallet.ts';

/** A company's application that nothing is wrong with, its picture uploaded. */
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

export async function sellerApplication(
  onboarding: Onboarding,
  account: WalletAccount,
  more: Partial<SellerApplication> = {},
): Promise<SellerApplication> {
  const file = { name: 'licence.png', content_type: 'image/png', bytes: PNG };
  const outcome = await onboarding.upload?.(account, file);
  if (outcome?.kind !== 'uploaded') throw new Error(JSON.stringify(outcome));
  const media = outcome.picture;
  return {
    application_reference: `A${newWalletReference(0)}`,
    kind: 'enterprise',
    name: '胡同茶业有限公司',
    short_name: '胡同茶',
    license_number: '91440300708461136T',
    legal_person: { name: '林小禾', id_number: '11010519491231002X', id_valid_until: '长期' },
    contact: { name: '林小禾', mobile: '13800138000', email: 'lin@example.com' },
    bank_account: {
      kind: 'corporate',
      bank: '招商银行',
      holder: '胡同茶业有限公司',
      number: '6214830123456789',
      city_code: '110000',
    },
    store: { name: '胡同茶铺', url: 'https://tea.example.com' },
    category: '716:零售',
    pictures: {
      business_license_copy: media,
      license_copy: media,
      id_card_copy: media,
      id_card_national: media,
    },
    ...more,
  };
}
