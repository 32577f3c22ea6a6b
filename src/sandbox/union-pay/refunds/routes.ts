import { type Route, route } from '../api/route.ts';
import { refund, reverse, undo } from './returns.ts';

/** Refunds, undos and reversals. */
const GROUP = 'Money back';
const DOC =
  'https://open.unionpay.com/tjweb/acproduct/APIList?bussType=0&version=V2.2&apiservId=468';

export const RETURN_ROUTES: readonly Route[] = [
  route({
    file: 'backTransReq.do',
    txn_type: '04',
    txn_sub_type: '00',
    group: GROUP,
    doc: `${DOC}&acpAPIId=799`,
    differs: 'Arrives at once unless a fault delays it; named by origQryId only.',
    run: refund,
  }),
  route({
    file: 'backTransReq.do',
    txn_type: '31',
    txn_sub_type: '00',
    group: GROUP,
    doc: `${DOC}&acpAPIId=800`,
    run: undo,
  }),
  route({
    file: 'backTransReq.do',
    txn_type: '99',
    txn_sub_type: '01',
    group: GROUP,
    doc: 'https://open.unionpay.com/tjweb/api/dictionary?apiSvcId=468',
    differs: 'The reversed charge then answers 46 to a query; the real code is not documented.',
    run: reverse,
  }),
];
