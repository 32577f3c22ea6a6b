import { readFileSync } from 'node:fs';
import { withClient } from '../src/db/postgres-admin.ts';
import { linesOf } from '../src/wallets/wechat-pay/bills/bills.ts';

/** The least that a bill costs: `parse` reads its lines, `load` also inserts them, and no more. */
const [, , path = '', what = 'parse'] = process.argv;
const CHUNK = 5_000;

interface Row {
  readonly reference: string;
  readonly amount: bigint;
  readonly fee: bigint;
}

async function read(each: (rows: readonly Row[]) => Promise<unknown>): Promise<void> {
  let rows: Row[] = [];
  for await (const line of linesOf('payments', [readFileSync(path)])) {
    if (line.kind !== 'payment' && line.kind !== 'refund') continue;
    rows.push({ reference: line.wallet_reference, amount: line.amount, fee: line.fee });
    if (rows.length < CHUNK) continue;
    await each(rows);
    rows = [];
  }
  await each(rows);
}

if (what === 'parse') await read(async () => undefined);
else {
  await withClient(process.env['DATABASE_URL'] ?? '', async (client) => {
    await client.query('create temporary table lines (reference text, amount bigint, fee bigint)');
    await read((rows) =>
      client.query(
        `insert into lines select reference, amount, fee from unnest(
           string_to_array($1, E'\\n'), $2::bigint[], $3::bigint[]) l (reference, amount, fee)`,
        [
          rows.map(({ reference }) => reference).join('\n'),
          `{${rows.map(({ amount }) => amount).join(',')}}`,
          `{${rows.map(({ fee }) => fee).join(',')}}`,
        ],
      ),
    );
  });
}
