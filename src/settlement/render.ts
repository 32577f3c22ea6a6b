import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import * as form from '../http/schemas.ts';
import { WALLETS } from '../wallets/wallet.ts';
import type { SettlementLine } from './queries.ts';
import { LINE_KINDS, type Settlement } from './settlement.ts';

/** Settlements as the API shows them. */
export const custody = z
  .enum(['merchant_own', 'wallet_held', 'hub_held'])
  .openapi({ description: 'Who holds the money after payment.' });

export const businessDay = z
  .string()
  .openapi({ format: 'date', example: '2026-11-20', description: 'a day in Asia/Shanghai' });

export const settlementObject = z
  .object({
    ...form.objectFields('stl', 'settlement'),
    platform: form.id('plt'),
    merchant: form.id('mer'),
    wallet: z.enum(WALLETS),
    wallet_account: form.id('wac'),
    custody,
    date: businessDay,
    state: z.enum(['counted', 'settled']),
    currency: form.currency,
    gross_amount: form.amountOut,
    refunded_amount: form.amountOut,
    wallet_fees: form.signedAmount,
    platform_fees: form.signedAmount.openapi({
      description: 'The platform’s own shares less what refunds took back of them, fen, signed.',
    }),
    shares: form.signedAmount.openapi({
      description: 'Shares of other receivers less what refunds took back of them, fen, signed.',
    }),
    adjustments: form.signedAmount,
    net_amount: form.signedAmount.openapi({
      description:
        'gross_amount - refunded_amount - wallet_fees - platform_fees - shares + adjustments',
    }),
    lines: z.int(),
  })
  .openapi('Settlement');

export const lineObject = z
  .object({
    id: z.string().openapi({ description: 'The posting.' }),
    object: z.literal('settlement_line'),
    kind: z.enum(LINE_KINDS),
    amount: form.signedAmount,
    currency: form.currency,
    payment: z.string().nullable(),
    at: form.timestampOut,
  })
  .openapi('SettlementLine');

/** Amounts stay bigint: the answer's JSON text has them as integers. */
export function renderSettlement(app: Pick<App, 'config'>, settlement: Settlement) {
  return {
    id: settlement.id,
    object: 'settlement' as const,
    created_at: settlement.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    platform: settlement.platform_id,
    merchant: settlement.merchant_id,
    wallet: settlement.wallet,
    wallet_account: settlement.wallet_account_id,
    custody: settlement.custody,
    date: settlement.business_date,
    state: settlement.state,
    currency: 'CNY' as const,
    gross_amount: onWire(settlement.gross),
    refunded_amount: onWire(settlement.refunds),
    wallet_fees: onWire(settlement.wallet_fees),
    platform_fees: onWire(settlement.platform_fees),
    shares: onWire(settlement.shares),
    adjustments: onWire(settlement.adjustments),
    net_amount: onWire(settlement.net),
    lines: settlement.line_count,
  };
}

/** A signed amount as a JSON integer. @throws RangeError beyond 2^53 - 1. */
export function onWire(amount: bigint): number {
  if (amount > BigInt(Number.MAX_SAFE_INTEGER) || amount < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw new RangeError('an amount is beyond what a JSON integer holds');
  }
  return Number.parseInt(amount.toString(), 10);
}

export function renderLine(line: SettlementLine) {
  return {
    id: line.id,
    object: 'settlement_line' as const,
    kind: line.kind,
    amount: onWire(line.amount),
    currency: 'CNY' as const,
    payment: line.payment_id,
    at: line.business_at.toISOString(),
  };
}
