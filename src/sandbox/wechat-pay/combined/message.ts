import { shanghaiTime } from '../../../clock.ts';
import {
  type CombinedMessage,
  type CombinedPartMessage,
  fenNumber,
} from '../../../protocols/wechat-pay/messages.ts';
import type { SandboxContext } from '../context.ts';
import { payerTotal } from '../orders/amounts.ts';
import type { CombinedRecord, OrderRecord } from '../orders/records.ts';
import { promotions, TRADE_TYPE } from '../orders/transaction-message.ts';

/** Amounts are `total_amount` and `payer_amount` here, not `total` and `payer_total`. */
export function combinedMessage(context: SandboxContext, record: CombinedRecord): CombinedMessage {
  const { device_id, openid } = record;
  return {
    combine_appid: record.appid,
    combine_mchid: record.mchid,
    combine_out_trade_no: record.combine_out_trade_no,
    ...(device_id === null ? {} : { scene_info: { device_id } }),
    sub_orders: context.books.partsOf(record).map(partMessage),
    ...(openid === null ? {} : { combine_payer_info: { openid } }),
  };
}

function partMessage(part: OrderRecord): CombinedPartMessage {
  const total_amount = fenNumber(part.total);
  const head = {
    mchid: part.mchid,
    ...(part.sub_mchid === null ? {} : { sub_mchid: part.sub_mchid }),
    ...(part.sub_appid === null ? {} : { sub_appid: part.sub_appid }),
    out_trade_no: part.out_trade_no,
    trade_type: TRADE_TYPE[part.kind],
    trade_state: part.state,
    attach: part.attach ?? '',
  };
  if (part.paid_at === null || part.transaction_id === null) {
    return { ...head, amount: { total_amount, currency: 'CNY' } };
  }
  return {
    ...head,
    transaction_id: part.transaction_id,
    bank_type: 'OTHERS',
    success_time: shanghaiTime(new Date(part.paid_at)),
    ...(part.sub_openid === null ? {} : { sub_openid: part.sub_openid }),
    amount: {
      total_amount,
      payer_amount: fenNumber(payerTotal(part)),
      currency: 'CNY',
      payer_currency: 'CNY',
    },
    ...promotions(part),
  };
}
