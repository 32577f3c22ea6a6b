import { isWireObject } from '../../protocols/wechat-pay/messages.ts';

/** The same message about a payment with one fen more, for faults under a good signature. */
export function misstated(content: object): object {
  if (!isWireObject(content) || typeof content.trade_state !== 'string') return content;
  const { amount } = content;
  if (!isWireObject(amount) || typeof amount.total !== 'number') return content;
  return { ...content, amount: { ...amount, total: amount.total + 1 } };
}

/** A signature of the right form that is wrong. */
export function spoiled(signature: string): string {
  return signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
}
