import { ulid } from '../../../ids.ts';
import type { RateOutcome } from '../../products/splits.ts';
import type { AlipayAccount } from '../account.ts';
import { type Gateway, refusedBy, undecided } from '../gateway.ts';

/**
 * What the merchant of this account has agreed to give away at most, percent. The wallet says it of
 * the account that asks, and so not of a platform's sellers.
 * https://opendocs.alipay.com/open/6f314ee9_alipay.trade.royalty.rate.query
 */
const PERCENT = /^(\d{1,3})(?:\.(\d{1,3}))?$/;
const DECIMALS = 3;
const WHOLE = 100_000n;

export async function maxRate(gateway: Gateway, account: AlipayAccount): Promise<RateOutcome> {
  const answer = await gateway.call(account, {
    method: 'alipay.trade.royalty.rate.query',
    biz_content: { out_request_no: ulid() },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace, value } = answer;
  if (answer.code !== '10000') return refusedBy(answer);
  const rate = value['user_id'] === account.seller_id ? rateOf(value['max_ratio']) : undefined;
  if (rate === undefined) {
    return { kind: 'unknown', cause: 'no share of this merchant in the answer', trace };
  }
  return { kind: 'rate', rate, trace };
}

/** Percent with at most three decimals in hundred-thousandths. */
function rateOf(percent: unknown): bigint | undefined {
  const [, whole, rest = ''] = PERCENT.exec(String(percent)) ?? [];
  if (whole === undefined) return undefined;
  const rate = BigInt(whole + rest.padEnd(DECIMALS, '0'));
  return rate > WHOLE ? undefined : rate;
}
