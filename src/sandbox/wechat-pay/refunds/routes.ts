import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { WechatPayRefusal } from '../api/refusal.ts';
import type { Route } from '../api/route.ts';
import type { Merchant } from '../merchants/keys.ts';
import { checkFamily } from '../sharing/rules.ts';
import { applyAbnormalRefund } from './abnormal.ts';
import { createRefund, querySellerRefund } from './refunds.ts';

/** Refunds of ordinary and partner orders. */
const GROUP = 'Refunds';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';
const REFUNDS = '/v3/refund/domestic/refunds';
const ANY_CARD =
  'Any bank that issues debit cards is taken, and no name is compared with the payer’s.';

export const REFUND_ROUTES: readonly Route[] = [
  {
    call: `POST ${REFUNDS}`,
    group: GROUP,
    doc: `${DOC}/4012791862`,
    operation: 'refund',
    per_second: 150,
    differs:
      'Refunds arrive at once unless the sandbox is told to delay them; the minute between two refunds of one order is kept only where rates are.',
    run: (context, merchant, { body }) => createRefund(context, ordinary(merchant), body),
  },
  {
    call: `GET ${REFUNDS}/{out_refund_no}`,
    group: GROUP,
    doc: `${DOC}/4012791863`,
    operation: 'refund.query',
    per_second: 300,
    run: (context, merchant, { parameters, query }) =>
      querySellerRefund(context, ordinary(merchant), {
        out_refund_no: parameters.out_refund_no ?? '',
        sub_mchid: query.get('sub_mchid') ?? undefined,
      }),
  },
  {
    call: `POST ${REFUNDS}/{refund_id}/apply-abnormal-refund`,
    group: GROUP,
    doc: `${DOC}/4013071193`,
    operation: 'refund.abnormal',
    differs: ANY_CARD,
    run: (context, merchant, { parameters, body, open }) =>
      applyAbnormalRefund(context, ordinary(merchant), {
        refund_id: parameters.refund_id ?? '',
        body,
        open,
      }),
  },
  {
    call: 'POST /v3/ecommerce/refunds/{refund_id}/apply-abnormal-refund',
    group: 'Ecommerce refunds',
    doc: 'https://pay.weixin.qq.com/doc/v3/partner/4015181616',
    operation: 'refund.abnormal',
    differs: ANY_CARD,
    run: (context, merchant, { parameters, body, open }) => {
      checkFamily(merchant, 'platform');
      const refund_id = parameters.refund_id ?? '';
      return applyAbnormalRefund(context, merchant, { refund_id, body, open });
    },
  },
];

/** A platform has refunds of its own: the two families do not mix. */
function ordinary(merchant: Merchant): Merchant {
  if (merchant.role !== 'platform') return merchant;
  const message = '电商平台商户号请使用电商收付通退款接口（/v3/ecommerce/refunds）';
  throw new WechatPayRefusal(403, 'NO_AUTH', INTERNAL_CODE.no_partner_relation, message);
}
