import { sql } from '../../src/db/pool.ts';
import type { World } from './world.ts';

/** The wallets' own books of refunds, shares, payouts and held money beside the hub's, at rest. */
export async function bookDifferences(world: World): Promise<string[]> {
  return [
    ...(await refundDifferences(world)),
    ...(await shareDifferences(world)),
    ...(await payoutDifferences(world)),
    ...(await heldDifferences(world)),
  ];
}

/** What each wallet returned to payers, order by order, beside what we say it returned. */
async function refundDifferences({ auditor, wallets }: World): Promise<string[]> {
  const rows = await auditor.db.query<{ wallet_reference: string; returned: bigint }>(sql`
    with returned as (
      select book, attempt_id, part_id, sum(amount) as amount from refunds
      where state = 'succeeded' group by book, attempt_id, part_id
    )
    select a.wallet_reference, coalesce(r.amount, 0)::bigint as returned
    from attempts a left join returned r
      on r.book = a.book and r.attempt_id = a.id and r.part_id is null
    union all
    select p.wallet_reference, coalesce(r.amount, 0)::bigint
    from attempt_parts p left join returned r
      on r.book = p.book and r.attempt_id = p.attempt_id and r.part_id = p.part_id`);
  const ours = new Map(rows.map((row) => [row.wallet_reference, row.returned]));
  return wallets.all.flatMap((sandbox) =>
    sandbox
      .transactions({ limit: 1_000_000 })
      .filter(({ wallet_reference, refunded }) => ours.get(wallet_reference) !== refunded)
      .map(
        ({ wallet_reference, refunded }) =>
          `${sandbox.wallet} returned ${refunded} of ${wallet_reference}, we say ` +
          `${ours.get(wallet_reference) ?? 'nothing'}`,
      ),
  );
}

/** A wallet's own records of one kind. */
function records<T extends object>(
  { wallets }: World,
  wallet: 'wechat_pay' | 'alipay',
  name: string,
): Iterable<T> {
  return wallets.stores.get(wallet)?.collection<T>(name).values() ?? [];
}

interface GivenPart {
  readonly amount: bigint;
  readonly returned: bigint;
}

function* partsGiven(world: World): Generator<GivenPart> {
  type WechatSplit = {
    mchid: string;
    sub_mchid: string | null;
    parts: (GivenPart & { account: string; result: string })[];
  };
  for (const split of records<WechatSplit>(world, 'wechat_pay', 'splits')) {
    const seller = split.sub_mchid ?? split.mchid;
    yield* split.parts.filter(({ account, result }) => account !== seller && result === 'SUCCESS');
  }
  type AlipaySettlement = { parts: (GivenPart & { type: string; state: string })[] };
  for (const { parts } of records<AlipaySettlement>(world, 'alipay', 'settlements')) {
    yield* parts.filter(({ type, state }) => type === 'transfer' && state === 'SUCCESS');
  }
}

/** What receivers of shares got and kept; in the role `platform` it is the platform's. */
async function shareDifferences(world: World): Promise<string[]> {
  let theirs = 0n;
  for (const { amount, returned } of partsGiven(world)) theirs += amount - returned;
  const [row] = await world.auditor.db.query<{ ours: bigint }>(sql`
    select coalesce(sum(credits_posted - debits_posted), 0)::bigint as ours from ledger_accounts
    where starts_with(id, 'receiver:') or starts_with(id, 'platform:')`);
  const ours = row?.ours ?? 0n;
  return ours === theirs ? [] : [`receivers have ${theirs} at the wallets, we say ${ours}`];
}

function* transfersPaid(world: World): Generator<readonly [string, bigint]> {
  type Transfer = { out_bill_no: string; amount: bigint; state: string };
  for (const each of records<Transfer>(world, 'wechat_pay', 'transfers')) {
    if (each.state === 'SUCCESS') yield [each.out_bill_no, each.amount];
  }
  type Withdrawal = { out_request_no: string; amount: bigint; status: string };
  for (const each of records<Withdrawal>(world, 'wechat_pay', 'withdrawals')) {
    if (each.status === 'SUCCESS') yield [each.out_request_no, each.amount];
  }
  type FundTransfer = { out_biz_no: string; amount: bigint; status: string };
  for (const each of records<FundTransfer>(world, 'alipay', 'fund_transfers')) {
    if (each.status === 'SUCCESS') yield [each.out_biz_no, each.amount];
  }
}

/** What sellers were paid, number by number. */
async function payoutDifferences(world: World): Promise<string[]> {
  const theirs = new Map(transfersPaid(world));
  const rows = await world.auditor.db.query<{ payout_reference: string; amount: bigint }>(
    sql`select payout_reference, amount from payouts where state = 'succeeded'`,
  );
  const ours = new Map(rows.map((row) => [row.payout_reference, row.amount]));
  return [...new Set([...theirs.keys(), ...ours.keys()])]
    .filter((number) => theirs.get(number) !== ours.get(number))
    .map((number) => {
      const [paid, said] = [theirs.get(number) ?? 'nothing', ours.get(number) ?? 'nothing'];
      return `payout ${number}: the wallet paid ${paid}, we say ${said}`;
    });
}

interface Held {
  readonly transaction: string;
  readonly amount: bigint;
  readonly left: bigint;
}

/** No wallet's fee is as large a part of a payment: one in so many. */
const FEE_PARTS = 50n;

/** A wallet holds what the hub says is held, less the wallet's fee, and nothing else. */
async function heldDifferences(world: World): Promise<string[]> {
  const rows = await world.auditor.db.query<Held>(sql`
    select a.wallet_transaction_id as transaction, h.amount,
      h.amount - h.released - h.shared - h.returned as left
    from holds h join attempts a on a.book = h.book and a.id = h.attempt_id`);
  const ours = new Map(rows.map((row) => [row.transaction, row.left]));
  const theirs = new Set<string>();
  const found: string[] = [];
  for (const wallet of ['wechat_pay', 'alipay'] as const) {
    for (const { key, amount } of records<{ key: string; amount: bigint }>(
      world,
      wallet,
      'fund_holds',
    )) {
      const left = ours.get(key) ?? 0n;
      if (amount > 0n) theirs.add(key);
      if (amount > left) found.push(`${wallet} holds ${amount} of ${key}, we say ${left}`);
    }
  }
  const gone = rows.filter(
    ({ transaction, amount, left }) => left > amount / FEE_PARTS && !theirs.has(transaction),
  );
  return [
    ...found,
    ...gone.map(({ transaction, left }) => `nothing of ${transaction} is held, we say ${left}`),
  ];
}
