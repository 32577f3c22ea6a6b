import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { timeField, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { parameterError } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { newNativeToken, newPrepayId } from '../numbers.ts';
import { isCombined, type Payable, type PreparedKind } from './records.ts';

/**
 * How long things live. A prepay id and a code die after two hours and an h5 link after five
 * minutes, whatever the order's own end is; the order itself lives seven days unless its first
 * request says otherwise.
 */
export const CODE_LIFE_MS = 2 * 3_600_000;
export const H5_LIFE_MS = 5 * 60_000;
/** A charge that waits for the password fails by itself after this time. */
export const PROMPT_LIFE_MS = 45_000;
const DAY_MS = 86_400_000;
const ORDER_LIFE_MS = 7 * DAY_MS;
const MIN_LIFE_MS = 60_000;
const MAX_LIFE_DAYS = { direct: 90, partner: 90, platform: 15 } as const;

/** When an order ends that is made now; throws where the request asks for too much. */
export function endOfLife(merchant: Merchant, body: WireObject, now: Date): number {
  const wanted = timeField(body, 'time_expire')?.getTime();
  if (wanted === undefined) return now.getTime() + ORDER_LIFE_MS;
  const days = MAX_LIFE_DAYS[merchant.role];
  if (wanted > now.getTime() + days * DAY_MS) {
    throw parameterError({
      field: '/time_expire',
      value: body.time_expire,
      issue: 'too late',
      location: 'body',
      message: `支付结束时间不能晚于下单时间后${days}天`,
      internal: INTERNAL_CODE.out_of_range,
    });
  }
  return Math.max(wanted, now.getTime() + MIN_LIFE_MS);
}

/** Orders and prompts past their end are over when somebody next looks. */
export function expire(context: SandboxContext, payable: Payable): void {
  const waits = payable.state === 'NOTPAY' || payable.state === 'USERPAYING';
  if (!waits || context.clock.now().getTime() < payable.expires_at) return;
  if (isCombined(payable)) {
    payable.state = 'CLOSED';
    for (const part of context.books.partsOf(payable)) expire(context, part);
  } else if (payable.state === 'USERPAYING') {
    payable.state = 'PAYERROR';
    context.charges.over(payable);
  } else payable.state = 'CLOSED';
  context.books.put(payable);
}

export function isStale(context: SandboxContext, payable: Payable): boolean {
  const life = payable.kind === 'h5' ? H5_LIFE_MS : CODE_LIFE_MS;
  return context.clock.now().getTime() >= payable.prepared_at + life;
}

/** Ids that nobody has seen yet. */
export function freshIds(
  { random }: SandboxContext,
  now: Date,
): { prepay_id: string; token: string; now: number } {
  return {
    prepay_id: newPrepayId(random, now),
    token: newNativeToken(random),
    now: now.getTime(),
  };
}

/** The answer to an order: what the merchant hands to the payer. */
export function handedOut(context: SandboxContext, payable: Payable & { kind: PreparedKind }) {
  const { kind, prepay_id, token } = payable;
  switch (kind) {
    case 'native':
      return { code_url: codeUrl(payable) };
    case 'jsapi':
    case 'app':
      return { prepay_id };
    case 'h5': {
      const query = `prepay_id=${prepay_id}&package=${token}`;
      return { h5_url: `${context.url()}/cgi-bin/mmpayweb-bin/checkmweb?${query}` };
    }
    default:
      return kind satisfies never;
  }
}

export function codeUrl({ token }: Payable): string {
  return `weixin://wxpay/bizpayurl?pr=${token}`;
}
