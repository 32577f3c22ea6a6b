import { Hono } from 'hono';
import { migrationFolder, readMigrations } from '../../db/migrate.ts';
import { sql } from '../../db/pool.ts';
import { Refusal } from '../../errors.ts';
import type { Desk } from '../dispatch.ts';
import { clientIp, type PageEnv } from '../request.ts';

/**
 * `/healthz`: the process answers. `/readyz`: it can do its work: the database is there with
 * exactly this release's migrations. `/metrics`: for an operator's key, or a direct connection from
 * loopback (one that a proxy forwarded is not direct).
 */
export function healthPages(desk: Desk): Hono<PageEnv> {
  const pages = new Hono<PageEnv>();
  const expected = readMigrations(migrationFolder()).length;
  const headers = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

  pages.get('/healthz', (c) => c.json({ status: 'ok' }, 200, headers));

  pages.get('/readyz', async (c) => {
    const why = await notReady(desk, expected);
    if (why === undefined) return c.json({ status: 'ready' }, 200, headers);
    return c.json({ status: 'not_ready', reason: why }, 503, { ...headers, 'Retry-After': '2' });
  });

  pages.get('/metrics', async (c) => {
    const forwarded = c.req.header('x-forwarded-for') ?? c.req.header('forwarded');
    const ip = clientIp(c);
    const direct = forwarded === undefined && (ip === '::1' || ip.startsWith('127.'));
    if (!direct) {
      const caller = await desk.authenticator.caller(c.req.header('authorization'));
      if (caller.role !== 'operator') throw new Refusal('forbidden');
    }
    return c.body(await desk.metrics.text(), 200, {
      ...headers,
      'Content-Type': desk.metrics.content_type,
    });
  });
  return pages;
}

async function notReady({ app }: Desk, expected: number): Promise<string | undefined> {
  try {
    const [row] = await app.db.query<{ applied: number }>(sql`
      select count(*)::int as applied from schema_migrations`);
    const applied = row?.applied ?? 0;
    if (applied === expected) return undefined;
    return `the database has ${applied} of ${expected} migrations: run hutong migrate`;
  } catch (error) {
    app.log.warn({ err: error }, 'not ready');
    return 'the database cannot be reached';
  }
}
