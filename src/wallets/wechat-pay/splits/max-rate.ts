import type { WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { RateOutcome } from '../../products/splits.ts';
import type { MerchantAccount } from '../account.ts';
import { type Client, callWallet } from '../client.ts';
import { toOutcome, unreadable } from '../refusals.ts';
import { ORDINARY } from './calls.ts';

/**
 * What a seller has agreed that its partner may split, ten-thousandths. Direct merchants have
 * nobody to agree with, and platforms have no such call.
 * https://pay.weixin.qq.com/doc/v3/partner/4012466864
 */
const RATIO_BASE = 10_000;
/** Hundred-thousandths in one ten-thousandth. */
const FINER = 10n;

export function maxRate(
  client: Client,
  account: MerchantAccount,
  sub_merchant: string | null,
): Promise<RateOutcome> | undefined {
  if (account.role !== 'partner' || sub_merchant === null) return undefined;
  return askRate(client, account, sub_merchant);
}

async function askRate(
  client: Client,
  account: MerchantAccount,
  sub_merchant: string,
): Promise<RateOutcome> {
  const result = await callWallet(client, account, {
    method: 'GET',
    target: `${ORDINARY}/merchant-configs/${encodeURIComponent(sub_merchant)}`,
    operation: `${ORDINARY}/merchant-configs/{sub_mchid}`,
  });
  if (result.kind !== 'answer') return toOutcome(result);
  const { content, trace } = result;
  const rate = content['sub_mchid'] === sub_merchant ? rateIn(content) : undefined;
  if (rate === undefined) return unreadable(trace, 'no share of this seller');
  return { kind: 'rate', rate, trace };
}

function rateIn({ max_ratio }: WireObject): bigint | undefined {
  if (typeof max_ratio !== 'number' || !Number.isInteger(max_ratio)) return undefined;
  return max_ratio < 0 || max_ratio > RATIO_BASE ? undefined : BigInt(max_ratio) * FINER;
}
