import { toYuan } from '../../../money.ts';
import { isPayerCode } from '../../../protocols/alipay/trade.ts';
import type {
  ChargeOrder,
  ChargeOutcome,
  PayerCodes,
  ReverseOutcome,
} from '../../products/payer-codes.ts';
import { type AlipayAccount, openAccount, otherApp } from '../account.ts';
import { paymentFact } from '../facts.ts';
import { type Gateway, refusedBy, undecided } from '../gateway.ts';
import { custodyContent, subjectOf } from './order-content.ts';
import { queryPayment } from './payments.ts';

/**
 * Charges by payer code. 10000 is paid, 10003 waits for the password; anything unclear is queried,
 * then cancelled. https://opendocs.alipay.com/open/1f1fe18c_alipay.trade.pay
 */
const MAX_DEVICE = 32;

function chargeContent(order: ChargeOrder): Record<string, unknown> {
  const terminal = order.device.replace(/[^A-Za-z0-9_-]/g, '').slice(0, MAX_DEVICE);
  return {
    out_trade_no: order.wallet_reference,
    total_amount: toYuan(order.amount),
    subject: subjectOf(order.description),
    product_code: 'FACE_TO_FACE_PAYMENT',
    scene: 'bar_code',
    auth_code: order.payer_code,
    ...(terminal !== '' && { terminal_id: terminal }),
    ...custodyContent(order),
  };
}

async function charge(
  gateway: Gateway,
  account: AlipayAccount,
  order: ChargeOrder,
): Promise<ChargeOutcome> {
  const refused = otherApp(account, 'alipay.trade.pay', order.app);
  if (refused) return refused;
  const answer = await gateway.call(account, {
    method: 'alipay.trade.pay',
    notify_url: order.notify_url,
    biz_content: chargeContent(order),
  });
  if (answer.kind === 'unknown') return answer;
  const { trace } = answer;
  if (answer.kind === 'unreachable') {
    return { kind: 'refused', code: answer.code, message: answer.message, trace };
  }
  const { value } = answer;
  if (answer.code === '10003') return { kind: 'needs_payer', trace };
  if (answer.sub_code === 'ACQ.TRADE_HAS_SUCCESS') return paidBefore(gateway, account, order);
  if (answer.code !== '10000') return refusedBy(answer);
  // The answer to a charge names no state: 10000 says that it is paid.
  const fact = paymentFact({ trade_status: 'TRADE_SUCCESS', ...value }, account.seller_id);
  if (fact?.wallet_reference !== order.wallet_reference) {
    return { kind: 'unknown', cause: 'the answer is malformed or about another order', trace };
  }
  return { kind: 'fact', fact, trace };
}

/** The same charge sent again after an answer that was lost: the trade itself tells. */
async function paidBefore(
  gateway: Gateway,
  account: AlipayAccount,
  order: ChargeOrder,
): Promise<ChargeOutcome> {
  const now = await queryPayment(gateway, account, order.wallet_reference);
  if (now.kind === 'not_found') {
    return { kind: 'unknown', cause: 'paid, but not to be found', trace: now.trace };
  }
  return now;
}

/** https://opendocs.alipay.com/open/13399511_alipay.trade.cancel */
async function reverse(
  gateway: Gateway,
  account: AlipayAccount,
  wallet_reference: string,
): Promise<ReverseOutcome> {
  const answer = await gateway.call(account, {
    method: 'alipay.trade.cancel',
    biz_content: { out_trade_no: wallet_reference },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { value, trace } = answer;
  // OpenAPI v3 answers an error without the flag; once the seller has money, the same goes again.
  if (value['retry_flag'] === 'Y' || answer.sub_code === 'ACQ.SELLER_BALANCE_NOT_ENOUGH') {
    return { kind: 'again', trace };
  }
  if (answer.sub_code === 'ACQ.TRADE_NOT_EXIST') return { kind: 'not_found', trace };
  if (answer.code !== '10000') return refusedBy(answer);
  switch (value['action']) {
    case 'close':
      return { kind: 'reversed', money_returned: false, trace };
    case 'refund':
      return { kind: 'reversed', money_returned: true, trace };
    default:
      // Without an action the wallet knows no such trade.
      return { kind: 'not_found', trace };
  }
}

export function payerCodes(gateway: Gateway): PayerCodes {
  return {
    matches: isPayerCode,
    charge: (account, order) => charge(gateway, openAccount(account), order),
    reverse: (account, { wallet_reference }) =>
      reverse(gateway, openAccount(account), wallet_reference),
  };
}
