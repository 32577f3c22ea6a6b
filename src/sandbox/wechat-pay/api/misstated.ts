import { isWireObject, type WireObject } from '../../../protocols/wechat-pay/messages.ts';

/**
 * The same message about a payment with one fen more than was ordered, for the faults that state a
 * wrong amount under a good signature. A message about anything else stays as it is.
 */
export function misstated(content: object): object {
  if (!isWireObject(content)) return content;
  if (Array.isArray(content.sub_orders)) {
    const [first, ...others] = content.sub_orders;
    if (!isWireObject(first)) return content;
    return { ...content, sub_orders: [more(first, 'total_amount'), ...others] };
  }
  return typeof content.trade_state === 'string' ? more(content, 'total') : content;
}

function more(order: WireObject, name: string): WireObject {
  const { amount } = order;
  if (!isWireObject(amount)) return order;
  const value = amount[name];
  return typeof value === 'number' ? { ...order, amount: { ...amount, [name]: value + 1 } } : order;
}
