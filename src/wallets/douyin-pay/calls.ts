import { CERTIFICATES, ORDERS, REFUNDS } from '../../protocols/douyin-pay/messages.ts';
import type { WalletCall } from '../calls.ts';

/** Every call this connector makes. */
const WIKI = 'https://pay.douyinpay.com/wiki';

function order(path: string, repeatable: boolean): WalletCall {
  return { operation: `${path}`, group: 'Orders', doc: WIKI, repeatable };
}

export const CALLS: readonly WalletCall[] = [
  order(`POST ${ORDERS}/native`, false),
  order(`POST ${ORDERS}/h5`, false),
  order(`POST ${ORDERS}/app`, false),
  order(`GET ${ORDERS}/out-trade-no/{out_trade_no}`, true),
  order(`POST ${ORDERS}/out-trade-no/{out_trade_no}/close`, true),
  { operation: `POST ${REFUNDS}`, group: 'Refunds', doc: WIKI, repeatable: false },
  { operation: `GET ${REFUNDS}/{out_refund_no}`, group: 'Refunds', doc: WIKI, repeatable: true },
  { operation: `GET ${CERTIFICATES}`, group: 'Certificates', doc: WIKI, repeatable: true },
];
