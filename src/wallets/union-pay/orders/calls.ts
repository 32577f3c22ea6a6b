import type { WalletCall } from '../../calls.ts';

/** Payments: codes, the app's order number, scanned payer codes, questions. */
const GROUP = 'Payments';
const DOC = 'https://open.unionpay.com/tjweb/acproduct/APIList?bussType=0&version=V2.2';

export const PAY_PAGE = 'frontTransReq.do 01/01';
export const PAY_APP = 'appTransReq.do 01/01';
export const PAY_CODE = 'backTransReq.do 01/07';
export const CHARGE = 'backTransReq.do 01/06';
export const QUERY = 'queryTrans.do 00/00';

export const ORDER_CALLS: readonly WalletCall[] = [
  {
    operation: PAY_PAGE,
    group: GROUP,
    doc: 'https://open.unionpay.com/tjweb/acproduct/APIList?acpAPIId=754&apiservId=448&version=V2.2&bussType=0',
    repeatable: false,
  },
  {
    operation: PAY_APP,
    group: GROUP,
    doc: `${DOC}&apiservId=450&acpAPIId=765`,
    repeatable: false,
  },
  {
    operation: PAY_CODE,
    group: GROUP,
    doc: `${DOC}&apiservId=468&acpAPIId=793`,
    repeatable: false,
  },
  { operation: CHARGE, group: GROUP, doc: `${DOC}&apiservId=468&acpAPIId=798`, repeatable: false },
  {
    operation: QUERY,
    group: GROUP,
    doc: `${DOC}&apiservId=448&acpAPIId=757`,
    repeatable: true,
  },
];
