import type { WalletCall } from '../../calls.ts';

/** Money back: refunds, and the reversal of a scanned payer code. */
const GROUP = 'Money back';

export const REFUND = 'backTransReq.do 04/00';
export const REVERSE = 'backTransReq.do 99/01';

export const REFUND_CALLS: readonly WalletCall[] = [
  {
    operation: REFUND,
    group: GROUP,
    doc: 'https://open.unionpay.com/tjweb/acproduct/APIList?bussType=0&version=V2.2&apiservId=468&acpAPIId=799',
    repeatable: false,
  },
  {
    operation: REVERSE,
    group: GROUP,
    doc: 'https://open.unionpay.com/tjweb/api/dictionary?apiSvcId=468',
    repeatable: true,
  },
];
