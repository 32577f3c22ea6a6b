import { BIZ } from '../../../protocols/union-pay/transactions.ts';
import { oneOf } from '../api/call.ts';
import { type Route, route } from '../api/route.ts';
import { codeUrl, placeOrder } from './create.ts';
import { queryTrade } from './query.ts';
import { chargeCode } from './scanned.ts';

/** Payments: app orders, merchant codes, scanned payer codes, the question what became of them. */
const GROUP = 'Payments';
const DOC = 'https://open.unionpay.com/tjweb/acproduct/APIList?bussType=0&version=V2.2';
const AGAIN =
  'An identical order that nobody has paid gets the same answer again; what the gateway does is not documented.';
const UNPAID =
  'An order that nobody has paid answers 34 at any time; whether the gateway answers 05 for some products is not documented.';

export const ORDER_ROUTES: readonly Route[] = [
  route({
    file: 'appTransReq.do',
    txn_type: '01',
    txn_sub_type: '01',
    group: GROUP,
    doc: `${DOC}&apiservId=450&acpAPIId=765`,
    differs: `${AGAIN} bizType may be 000000 too, as published SDKs send it.`,
    run: (call) => {
      oneOf(call, 'bizType', [BIZ.gateway, BIZ.none]);
      return { tn: placeOrder(call, 'app').token };
    },
  }),
  route({
    file: 'backTransReq.do',
    txn_type: '01',
    txn_sub_type: '07',
    group: GROUP,
    doc: `${DOC}&apiservId=468&acpAPIId=793`,
    differs: AGAIN,
    run: (call) => {
      oneOf(call, 'bizType', [BIZ.none]);
      return { qrCode: codeUrl(placeOrder(call, 'code')) };
    },
  }),
  route({
    file: 'order.do',
    txn_type: '01',
    txn_sub_type: '01',
    group: GROUP,
    doc: `${DOC}&apiservId=468&acpAPIId=795`,
    differs: 'Answers with a code to scan; the fields of the real answer are not public.',
    run: (call) => {
      oneOf(call, 'bizType', [BIZ.none]);
      return { qrCode: codeUrl(placeOrder(call, 'order')) };
    },
  }),
  route({
    file: 'backTransReq.do',
    txn_type: '01',
    txn_sub_type: '06',
    group: GROUP,
    doc: `${DOC}&apiservId=468&acpAPIId=798`,
    differs: 'The password is asked from 1,000 yuan on, whatever the card; termId may be absent.',
    run: chargeCode,
  }),
  ...(['queryTrans.do', 'backTransReq.do'] as const).map((file) =>
    route({
      file,
      txn_type: '00',
      txn_sub_type: '00',
      group: GROUP,
      doc: `${DOC}&apiservId=${file === 'queryTrans.do' ? '448&acpAPIId=757' : '468&acpAPIId=792'}`,
      differs: UNPAID,
      per_second: 20,
      run: queryTrade,
    }),
  ),
  route({
    file: 'queryTrans.do',
    txn_type: '00',
    txn_sub_type: '02',
    group: GROUP,
    doc: 'https://open.unionpay.com/tjweb/api/dictionary?apiSvcId=448',
    per_second: 20,
    run: queryTrade,
  }),
];
