import type { IncomingMessage } from 'node:http';
import type { Html, Language } from '../../html.ts';
import { orderSummary as paid, personNamed } from '../../payer-pages.ts';
import { type Person, PhoneRefusal } from '../../sandbox.ts';
import type { Alipay, Buyer, Trade } from '../books.ts';

/** Who sits at the browser, and what this wallet tells them. */
export function personAt(
  alipay: Alipay,
  request: IncomingMessage,
  query: URLSearchParams,
): Buyer | undefined {
  return alipay.buyers.get(personNamed(request, query) ?? '');
}

export function peopleOf({ buyers }: Alipay): readonly Person[] {
  return [...buyers.values()].map(({ person }) => person);
}

const REFUSALS: Readonly<Record<PhoneRefusal['code'], Readonly<Record<Language, string>>>> = {
  unknown_code: { zh: '找不到该订单', en: 'There is no such order' },
  code_expired: { zh: '二维码已过期，请返回商户重新下单', en: 'The code has expired; order again' },
  order_closed: { zh: '交易已关闭', en: 'The order is closed' },
  order_paid: { zh: '该订单已支付', en: 'The order is paid already' },
  other_payer: { zh: '该订单由其他用户付款', en: 'Somebody else is paying this order' },
  insufficient_balance: {
    zh: '余额不足，请换一个账户付款',
    en: 'Not enough money here; pay with another account',
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

export function orderSummary(trade: Trade, price: string, payee: string): Html {
  const { subject: description } = trade;
  return paid({ badge: '支付宝 · Alipay', price, payee, description });
}
