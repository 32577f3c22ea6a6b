import type { IncomingMessage } from 'node:http';
import type { Html, Language } from '../../html.ts';
import { orderSummary as paid, personNamed } from '../../payer-pages.ts';
import { type Person, PhoneRefusal } from '../../sandbox.ts';
import type { Payment, UnionPay } from '../books.ts';

/** Who sits at the browser, and what this wallet tells them. */
export function personAt(
  union: UnionPay,
  request: IncomingMessage,
  query: URLSearchParams,
): Person | undefined {
  return union.people.get(personNamed(request, query) ?? '');
}

const REFUSALS: Readonly<Record<PhoneRefusal['code'], Readonly<Record<Language, string>>>> = {
  unknown_code: { zh: '查无此订单', en: 'There is no such order' },
  code_expired: { zh: '订单已超时，请返回商户重新下单', en: 'The order has expired; order again' },
  order_closed: { zh: '订单已结束', en: 'The order is over' },
  order_paid: { zh: '该订单已支付', en: 'The order is paid already' },
  other_payer: { zh: '该订单由其他持卡人付款', en: 'Somebody else is paying this order' },
  insufficient_balance: {
    zh: '余额不足，请换一张卡付款',
    en: 'Not enough money on this card; pay with another',
  },
  wrong_password: { zh: '支付密码错误', en: 'Wrong password' },
  scan_expired: { zh: '请重新扫码', en: 'Please scan again' },
  prompt_over: { zh: '商户已不再等待付款', en: 'The merchant no longer waits' },
  transfer_over: { zh: '转账已结束', en: 'This transfer is over' },
};

/** The text for what a payer may not do; anything else is not ours to explain and is thrown on. */
export function refusalText(error: unknown, language: Language): string {
  if (!(error instanceof PhoneRefusal)) throw error;
  return REFUSALS[error.code][language];
}

export function orderSummary(payment: Payment, price: string, payee: string): Html {
  const { description } = payment;
  return paid({ badge: '银联 · UnionPay', price, payee, description });
}
