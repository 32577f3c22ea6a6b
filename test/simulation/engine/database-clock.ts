import type { LockWatch } from './lock-watch.ts';

/**
 * `now()` and `clock_timestamp()` of this database are virtual: functions of the same names, which
 * `search_path` finds before the built-in ones, read a sequence, which no snapshot holds back.
 */
export async function virtualClock(watch: LockWatch, start_ms: number): Promise<void> {
  await watch.query(`create sequence simulated_clock start ${start_ms} maxvalue 9000000000000`);
  await watch.query('select setval($1, $2)', ['simulated_clock', start_ms]);
  const body = 'select to_timestamp(last_value / 1000.0) from public.simulated_clock';
  await watch.query(
    `create function public.now() returns timestamptz language sql stable as '${body}'`,
  );
  await watch.query(
    `create function public.clock_timestamp() returns timestamptz language sql stable as '${body}'`,
  );
  const { rows } = await watch.query(`
    select c.relname as table, a.attname as column, pg_get_expr(d.adbin, d.adrelid) as value
    from pg_attrdef d join pg_class c on c.oid = d.adrelid
    join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
    where c.relnamespace = 'public'::regnamespace
      and pg_get_expr(d.adbin, d.adrelid) ~ '(now|clock_timestamp)\\(\\)'`);
  for (const { table, column, value } of rows) {
    const virtual = String(value).replace(
      /(?:pg_catalog\.)?(now|clock_timestamp)\(\)/g,
      'public.$1()',
    );
    await watch.query(`alter table ${table} alter column "${column}" set default ${virtual}`);
  }
  const tables = await watch.query(`
    select relname as table from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace`);
  for (const { table } of tables.rows) {
    // The server's own work would come at moments of its choice.
    await watch.query(`alter table ${table} set (autovacuum_enabled = false)`);
  }
}
