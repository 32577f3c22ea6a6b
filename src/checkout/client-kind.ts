import type { ClientKind } from '../payments/payment.ts';

/**
 * What a browser can do, from its user agent: a hint that picks a presentation, never a
 * permission. Order matters: WeCom (`wxwork`) also says `MicroMessenger` but pays differently.
 */
export function clientKind(userAgent: string | undefined): ClientKind {
  const agent = userAgent ?? '';
  if (/MicroMessenger\//i.test(agent) && !/wxwork\//i.test(agent)) return 'wechat';
  if (/AlipayClient\//i.test(agent)) return 'alipay';
  if (/\bUnionPay\//i.test(agent)) return 'unionpay';
  return /\b(?:Android|iPhone|iPod|Mobile|HarmonyOS|OpenHarmony)\b/i.test(agent)
    ? 'phone'
    : 'desktop';
}
