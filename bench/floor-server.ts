import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { openDb, sql } from '../src/db/pool.ts';

/**
 * The least that a create can be here: Hono, JSON.parse, and the hub's three inserts in one WITH
 * statement on the hub's pool and tables. No keys, no validation, no headers, no log. Started by
 * the bench with the database in DATABASE_URL; tells its port over IPC.
 */
const CONNECTIONS = 12;
const EXPIRES_MS = 7_200_000;

const db = openDb({ url: process.env['DATABASE_URL'] ?? '', max_connections: CONNECTIONS });
const app = new Hono();

interface Order {
  readonly merchant: string;
  readonly amount: number;
  readonly description: string;
  readonly order: { readonly reference: string };
}

app.post('/v1/payments', async (c) => {
  const input = JSON.parse(await c.req.text()) as Order;
  const id = `pay_${randomUUID()}`;
  const now = new Date();
  const expires_at = new Date(now.getTime() + EXPIRES_MS);
  const answer = JSON.stringify({
    id,
    object: 'payment',
    created_at: now,
    state: 'requires_wallet',
    amount: input.amount,
    currency: 'CNY',
    description: input.description,
    merchant: input.merchant,
    order: input.order,
    expires_at,
  });
  await db.query(sql`
    with key as (
      insert into idempotency_keys
        (book, key_hash, body_digest, state, lease_until, status, response, object_id)
      values (0, ${id}, ${id}, 'done', now(), 201, ${answer}, ${id})
    ), step as (
      insert into events (book, id, type, platform_id, object_id, payment_id, public, data)
      values (0, ${id}, 'payment.created', 'floor', ${id}, ${id}, false, '{}')
    )
    insert into payments (book, id, platform_id, merchant_id, state, amount, currency, description,
      order_reference, order_items, metadata, checkout_token_hash, expires_at, created_at)
    values (0, ${id}, 'floor', ${input.merchant}, 'requires_wallet', ${input.amount}, 'CNY',
      ${input.description}, ${input.order.reference}, '[]', '{}', ${id}, ${expires_at}, ${now})`);
  return c.body(answer, 201, { 'content-type': 'application/json' });
});

const answer = getRequestListener(app.fetch);
const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ port });
});
process.on('disconnect', () => process.exit(0));
