import { decodeForm } from '../../../protocols/union-pay/message.ts';
import { BIZ, PAY, TXN } from '../../../protocols/union-pay/transactions.ts';
import { html, type Reply } from '../../html.ts';
import { oneOf, WireRefusal } from '../api/call.ts';
import { type Route, route } from '../api/route.ts';
import { Unverified, verifyRequest } from '../api/verify.ts';
import type { Payment, UnionPay } from '../books.ts';
import { placeOrder } from '../orders/create.ts';
import { page } from './html.ts';

/** The payer's browser brings the signed order by POST and goes to the cashier. */
export const FRONT_ROUTES: readonly Pick<Route, 'call' | 'group' | 'doc' | 'differs'>[] = [
  route({
    file: 'frontTransReq.do',
    txn_type: '01',
    txn_sub_type: '01',
    group: 'Payments',
    doc: 'https://open.unionpay.com/tjweb/acproduct/APIList?acpAPIId=754&apiservId=448&version=V2.2&bussType=0',
    differs: 'The cashier asks who pays instead of for a card; pre-authorisation is not offered.',
    run: () => ({}),
  }),
];

/** The order that a signed form means; throws a WireRefusal. */
export function openFront(union: UnionPay, form: string): Payment {
  const message = decodeForm(form);
  if (!message || message.size === 0) throw new WireRefusal('10', 'no form of single fields');
  const { merchant } = verifyRequest(union, message);
  if (message.get('txnType') !== TXN.pay || message.get('txnSubType') !== PAY.normal) {
    throw new WireRefusal('32', 'frontTransReq.do knows 01/01 only');
  }
  const call = { union, merchant, message };
  oneOf(call, 'bizType', [BIZ.gateway]);
  oneOf(call, 'channelType', ['07', '08']);
  if (!message.get('frontUrl')) throw new WireRefusal('13', 'frontUrl is missing');
  return placeOrder(call, 'front');
}

function refusalPage(error: WireRefusal): Reply {
  const expected = error instanceof Unverified ? (error.signature.expected_text ?? '') : '';
  const text = expected === '' ? html`` : html`<pre>${expected}</pre>`;
  const main = html`<p class="badge">银联沙箱 · UnionPay sandbox</p>
<h1>支付请求有误 · The payment request is wrong</h1><p>${error.code} ${error.text}</p>${text}`;
  return page({ title: error.code, language: 'zh', main });
}

export async function answerFront(union: UnionPay, body: string): Promise<Reply> {
  const started = performance.now();
  let verdict = 'ok';
  let reply: Reply;
  let signature: Unverified['signature'] = { state: 'valid', hint: '' };
  try {
    const payment = openFront(union, body);
    await union.options.store.committed();
    reply = { status: 302, headers: { location: `/cashier/${payment.token}` }, body: '' };
  } catch (error) {
    if (!(error instanceof WireRefusal)) throw error;
    if (error instanceof Unverified) signature = error.signature;
    verdict = error.code;
    reply = refusalPage(error);
  }
  const message = decodeForm(body);
  union.options.requests.add({
    method: 'POST',
    target: '/frontTransReq.do',
    operation: FRONT_ROUTES[0]?.call ?? null,
    caller: message?.get('merId') ?? null,
    status: reply.status,
    verdict,
    reason: null,
    signature,
    duration_ms: Math.round(performance.now() - started),
    wallet_request_id: null,
    request_body: body,
    answer_body: reply.body,
    fault: null,
  });
  return reply;
}
