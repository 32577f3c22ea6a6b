import type { Hono } from 'hono';
import { z } from 'zod';
import type { WalletTransaction } from '../../sandbox.ts';
import type { Device } from '../device.ts';
import { body, fen, parse, personId, personOf, walletOf } from './wire.ts';

/** Each wallet's own books, which tests compare a hub with. */
const MAX_PAGE = 1_000;
const DEFAULT_PAGE = 100;

const balanceBody = z.strictObject({
  person: personId,
  amount: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
});
const pageQuery = z.object({
  after: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
});

export function walletRoutes(api: Hono, device: Device): void {
  api.get('/api/wallets/:wallet/transactions', (c) => {
    const { after, limit } = parse(pageQuery, c.req.query());
    const sandbox = walletOf(c, device);
    const page = sandbox.transactions({ limit: limit + 1, ...(after ? { after } : {}) });
    const data = page.slice(0, limit);
    return c.json({
      object: 'list',
      data: data.map(onWire),
      has_more: page.length > limit,
      next_cursor: page.length > limit ? (data.at(-1)?.wallet_reference ?? null) : null,
    });
  });
  api.get('/api/wallets/:wallet/balances', (c) => {
    const sandbox = walletOf(c, device);
    return c.json({
      people: device.people.map(({ id }) => ({ person: id, amount: fen(sandbox.balance(id)) })),
      merchants: [...sandbox.merchantBalances()].map(([merchant, amount]) => ({
        merchant,
        amount: fen(amount),
      })),
      pending_notifications: sandbox.pendingNotifications(),
    });
  });
  api.post('/api/wallets/:wallet/balances', async (c) => {
    const { person, amount } = await body(c, balanceBody);
    await walletOf(c, device).setBalance(personOf(device, person), BigInt(amount));
    return c.json({ person, amount });
  });
}

function onWire(transaction: WalletTransaction) {
  return {
    ...transaction,
    currency: 'CNY',
    amount: fen(transaction.amount),
    refunded: fen(transaction.refunded),
  };
}
