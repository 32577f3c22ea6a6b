import type { IncomingMessage } from 'node:http';
import { type Html, html, type Language } from '../../html.ts';
import { type Person, PhoneRefusal } from '../../sandbox.ts';
import type { Payment, UnionPay } from '../books.ts';

/** Who sits at the browser: `?person=`, or the cookie that the phone and the chooser set. */
const COOKIE = 'hutong_person';

export function personAt(
  union: UnionPay,
  request: IncomingMessage,
  query: URLSearchParams,
): Person | undefined {
  const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([A-Za-z0-9_-]{1,64})`);
  const named = query.get('person') ?? cookie.exec(request.headers.cookie ?? '')?.[1];
  return named === undefined ? undefined : union.people.get(named);
}

export function rememberPerson(person: Person): Record<string, string> {
  return { 'set-cookie': `${COOKIE}=${person.id}; Path=/; SameSite=Lax` };
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

/** One button per person; each posts to `action`. */
export function chooser(union: UnionPay, action: string, language: Language): readonly Html[] {
  const verb = language === 'zh' ? '登录：' : 'Log in as ';
  return [...union.people.values()].map(
    (person) => html`<form method="post" action="${action}">
<input type="hidden" name="person" value="${person.id}"><button>${verb}${person.name[language]}</button></form>`,
  );
}

/** What is paid, and to whom. */
export function orderSummary(payment: Payment, price: string, payee: string): Html {
  return html`<p class="badge">银联 · UnionPay</p><h1>${payee}</h1>
<p class="price">${price}</p><p class="muted">${payment.description}</p>`;
}
