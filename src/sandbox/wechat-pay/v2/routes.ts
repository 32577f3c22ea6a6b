import type { V2Call } from './call.ts';
import { authCodeToOpenid, micropay, orderQuery, reverseOrder } from './pay.ts';
import { refundOrder, refundQuery } from './refunds.ts';

/** What point-of-sale software still calls: payer codes in XML. */
const GROUP = 'Payer codes, second version';
const DOC = 'https://pay.weixin.qq.com/doc/v2/merchant';
const NO_CERTIFICATE =
  'Served without a client certificate: a sandbox on plain http cannot ask for one.';

export const V2_CALLS: readonly V2Call[] = [
  {
    call: 'POST /pay/micropay',
    group: GROUP,
    doc: `${DOC}/4011937125`,
    operation: 'v2.micropay',
    per_second: 33,
    required: ['body', 'out_trade_no', 'total_fee', 'spbill_create_ip', 'auth_code'],
    run: micropay,
  },
  {
    call: 'POST /pay/orderquery',
    group: GROUP,
    doc: `${DOC}/4011937163`,
    operation: 'v2.orderquery',
    required: [],
    run: orderQuery,
  },
  {
    call: 'POST /secapi/pay/reverse',
    group: GROUP,
    doc: `${DOC}/4011937361`,
    differs: NO_CERTIFICATE,
    operation: 'v2.reverse',
    required: [],
    run: reverseOrder,
    refused: (code) => ({ recall: code === 'SYSTEMERROR' ? 'Y' : 'N' }),
  },
  {
    call: 'POST /secapi/pay/refund',
    group: GROUP,
    doc: 'https://pay.weixin.qq.com/doc/v2/partner/4011984092',
    differs: `${NO_CERTIFICATE} Nobody is told at notify_url: refunds of the second version are asked for.`,
    operation: 'v2.refund',
    per_second: 150,
    required: ['out_refund_no', 'total_fee', 'refund_fee'],
    run: refundOrder,
  },
  {
    call: 'POST /pay/refundquery',
    group: GROUP,
    doc: 'https://pay.weixin.qq.com/wiki/doc/api/micropay.php?chapter=9_5',
    operation: 'v2.refundquery',
    required: [],
    run: refundQuery,
  },
  {
    call: 'POST /tools/authcodetoopenid',
    group: GROUP,
    doc: `${DOC}/4011940944`,
    operation: 'v2.authcodetoopenid',
    required: ['auth_code'],
    run: authCodeToOpenid,
  },
];

const BY_CALL = new Map(V2_CALLS.map((each) => [each.call, each]));

export function isV2Path(path: string): boolean {
  return BY_CALL.has(`POST ${path}`);
}

export function findV2Call(path: string): V2Call | undefined {
  return BY_CALL.get(`POST ${path}`);
}
