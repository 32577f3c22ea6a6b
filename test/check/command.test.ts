import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { withClient } from '../../src/db/postgres-admin.ts';
import { LAWS } from '../../src/laws/every.ts';
import { type Ended, runHutong } from '../support/command.ts';
import { createEmptyDatabase, createTestDatabase } from '../support/database.ts';

/** The real command on its exit codes: 0 well, 1 broken, 2 could not check. */
function check(url: string, ...options: string[]): Promise<Ended> {
  return runHutong(['check', ...options], { DATABASE_URL: url });
}

const report = z.object({
  object: z.literal('check'),
  well: z.boolean(),
  rows: z.record(z.string(), z.number()),
  laws: z.array(
    z.object({
      name: z.string(),
      violations: z.number(),
      rows: z.array(z.object({ id: z.string(), detail: z.string() })),
    }),
  ),
});

let url: string;

beforeAll(async () => {
  ({ url } = await createTestDatabase());
});

/** Each check is a program of its own, on a machine that may have other work. */
const PATIENCE_MS = 180_000;

describe('hutong check', { timeout: PATIENCE_MS }, () => {
  test('says a line for each law and ends with 0 when all is well', async () => {
    const { code, out } = await check(url);
    expect(code).toBe(0);
    for (const { name } of LAWS) expect(out).toContain(` ${name} `);
    expect(out).toMatch(/^all well, \d+\.\d s$/m);
    expect(out).not.toContain('\r');
  });

  test('names the rows of a broken law and ends with 1, in words and in JSON', async () => {
    await withClient(url, (client) =>
      client.query(`insert into jobs (book, id, kind, key)
        values (0, 'job_000000000000000000000000000A', 'refund.send', 'rfd_gone')`),
    );
    const said = await check(url, '--law', 'jobs.have-subjects');
    expect(said.code).toBe(1);
    expect(said.out).toContain('job_000000000000000000000000000A: refund.send of rfd_gone');
    const { code, out } = await check(url, '--json');
    expect(code).toBe(1);
    const { well, rows, laws } = report.parse(JSON.parse(out));
    expect(well).toBe(false);
    expect(rows['jobs']).toBe(1);
    expect(laws.filter(({ violations }) => violations > 0)).toEqual([
      {
        name: 'jobs.have-subjects',
        violations: 1,
        rows: [
          {
            id: 'job_000000000000000000000000000A',
            detail: 'refund.send of rfd_gone, which is not there',
          },
        ],
      },
    ]);
  });

  test('ends with 2 when it cannot check, and says what to do', async () => {
    const { url: empty } = await createEmptyDatabase();
    const [bare, nobody, strange] = await Promise.all([
      check(empty),
      check('postgres://localhost:9/none'),
      check(url, '--law', 'money.grows'),
    ]);
    expect(bare).toMatchObject({ code: 2, err: expect.stringContaining('hutong migrate') });
    expect(nobody.code).toBe(2);
    expect(strange.code).toBe(2);
    expect(strange.err).toContain('ledger.sums-to-zero');
    expect((await check(url, '--lwa')).code).toBe(2);
  });
});
