import { shanghaiStamp } from '../../../clock.ts';
import { isPayerCode } from '../../../protocols/alipay/trade.ts';
import { PhoneRefusal } from '../../sandbox.ts';
import { GatewayRefusal, requiredNumber, requiredText } from '../api/biz.ts';
import { ClassAnswer, type MethodAnswer } from '../api/method.ts';
import { type Alipay, orderOf, saveTrade, type Trade, tradeKey } from '../books.ts';
import { countFreePayment, judgeCode, needsPassword, spendCode } from './codes.ts';
import { amountsOf, discountsOf, fundBills, voucherDetails } from './discounts.ts';
import { invalidField } from './fields.ts';
import type { Call } from './orders.ts';
import { payTogether } from './payment.ts';
import { checkProductCode, createTrade, place } from './place.ts';
import { buyerFields } from './trades.ts';

/**
 * A charge by payer code: paid at once, or the payer's phone asks for the password (10003).
 * https://opendocs.alipay.com/open/1f1fe18c_alipay.trade.pay
 */
function namesOf(trade: Trade): Record<string, string> {
  return { out_trade_no: trade.out_trade_no, trade_no: trade.trade_no ?? '' };
}

function paidFields(alipay: Alipay, trade: Trade): Record<string, unknown> {
  return {
    ...namesOf(trade),
    ...buyerFields(alipay, trade),
    ...amountsOf(trade),
    ...discountsOf(trade),
    gmt_payment: shanghaiStamp(new Date(trade.paid_at ?? 0)),
    fund_bill_list: fundBills(trade, 'fund_channel'),
    ...(trade.vouchers.length > 0 && { voucher_detail_list: voucherDetails(trade, 'snake') }),
  };
}

function waiting(alipay: Alipay, trade: Trade): ClassAnswer {
  return new ClassAnswer('10003', { ...namesOf(trade), ...buyerFields(alipay, trade) });
}

/** Whose code this is, when it may pay this order. */
function payerOf(alipay: Alipay, code: string, order: string, known: Trade | undefined) {
  if (!isPayerCode(code)) throw new GatewayRefusal('ACQ.PAYMENT_AUTH_CODE_INVALID');
  const verdict = judgeCode(alipay, code, order);
  switch (verdict.kind) {
    case 'good':
      return verdict.person;
    case 'same_order':
      if (known?.prompting === true) return verdict.person;
      throw new GatewayRefusal('ACQ.PAYMENT_AUTH_CODE_INVALID', '付款码已使用 (used before)');
    case 'used':
    case 'expired':
    case 'unknown':
      throw new GatewayRefusal('ACQ.PAYMENT_AUTH_CODE_INVALID');
    default:
      return verdict satisfies never;
  }
}

export function charge(call: Call): MethodAnswer {
  const { alipay, app, biz } = call;
  checkProductCode(biz, 'alipay.trade.pay', false);
  const scene = requiredText(biz, 'scene', { max: 32 });
  if (scene !== 'bar_code') throw invalidField('scene (bar_code)');
  const code = requiredText(biz, 'auth_code', { max: 64 });
  const out_trade_no = requiredNumber(biz, 'out_trade_no');
  const known = orderOf(alipay, app, out_trade_no);
  if (known?.paid_at && known.status !== 'TRADE_CLOSED') {
    throw new GatewayRefusal('ACQ.TRADE_HAS_SUCCESS', undefined, namesOf(known));
  }
  if (known?.status === 'TRADE_CLOSED') throw new GatewayRefusal('ACQ.TRADE_HAS_CLOSE');
  const order = tradeKey(app.seller_id, out_trade_no);
  const person = payerOf(alipay, code, order, known);
  const trade = place(call, biz, { product: 'pay', buyer: person });
  if (trade.prompting) return waiting(alipay, trade);
  spendCode(alipay, code, order);
  createTrade(alipay, trade, person);
  if (needsPassword(alipay, person, trade.amount)) {
    trade.prompting = true;
    saveTrade(alipay, trade);
    alipay.payer_codes.prompting.set(trade.token, trade);
    return waiting(alipay, trade);
  }
  try {
    payTogether(alipay, [trade], person);
  } catch (error) {
    if (!(error instanceof PhoneRefusal)) throw error;
    throw new GatewayRefusal('ACQ.BUYER_BALANCE_NOT_ENOUGH', undefined, namesOf(trade));
  }
  countFreePayment(alipay, person);
  return paidFields(alipay, trade);
}
