import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../faults.ts';
import type { Trade } from '../books.ts';
import { PEOPLE } from '../testing.ts';
import { type Answer, type Desk, openDesk } from '../trade/testing.ts';

/**
 * Whatever payments, splits, confirmations, refunds and times do in whatever order: no fen is made
 * or lost, and no account goes below what is held on it.
 */
let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
  const receiver_list = ['certificate', 'isv'].map((role) => ({
    type: 'userId',
    account: desk.sellerId(role === 'isv' ? 'isv' : 'certificate'),
  }));
  const biz = { out_request_no: 'B1', receiver_list };
  await desk.call('alipay.trade.royalty.relation.bind', biz);
  await desk.call('alipay.trade.royalty.relation.bind', biz, 'platform');
  for (const { id } of PEOPLE) await desk.world.sandbox.setBalance(id, 50_000_000n);
});

afterAll(() => desk.stop());

interface Entry {
  readonly holder: string;
  readonly direction: 'in' | 'out';
  readonly amount: bigint;
  readonly balance: bigint;
  readonly type: string;
}

interface Hold {
  readonly holder: string;
  readonly amount: bigint;
}

const yuan = (fen: number) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;

/** The books as they lie in the store, read past all of the wallet's own code. */
function readBooks(): bigint {
  const { store, sandbox } = desk.world;
  const balances = new Map<string, bigint>();
  let fees = 0n;
  for (const entry of store.collection<Entry>('fund_entries').values()) {
    const change = entry.direction === 'in' ? entry.amount : -entry.amount;
    balances.set(entry.holder, (balances.get(entry.holder) ?? 0n) + change);
    expect(balances.get(entry.holder)).toBe(entry.balance);
    if (entry.type === '收费') fees += entry.amount;
    if (entry.type === '退费') fees -= entry.amount;
  }
  const held = new Map<string, bigint>();
  for (const hold of store.collection<Hold>('fund_holds').values()) {
    expect(hold.amount).toBeGreaterThan(0n);
    held.set(hold.holder, (held.get(hold.holder) ?? 0n) + hold.amount);
  }
  for (const [holder, amount] of held) {
    expect(balances.get(holder) ?? 0n).toBeGreaterThanOrEqual(amount);
  }
  for (const balance of balances.values()) expect(balance).toBeGreaterThanOrEqual(0n);
  const people = PEOPLE.reduce((sum, { id }) => sum + sandbox.balance(id), 0n);
  const merchants = [...balances.values()].reduce((sum, amount) => sum + amount, 0n);
  const trades = [...store.collection<Pick<Trade, 'refunds'>>('trades').values()];
  const refunds = trades.flatMap((trade) => trade.refunds);
  const on_its_way = refunds.reduce(
    (sum, { state, returned }) => (state === 'processing' ? sum + returned : sum),
    0n,
  );
  return people + merchants + fees + on_its_way;
}

test('money is conserved over splits, confirmations, refunds and time', async () => {
  const random = seededRandom(20_261_121);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T | undefined => list[below(list.length)];
  const trades: { trade_no: string; out_trade_no: string; platform: boolean; fen: number }[] = [];
  const receivers = [desk.sellerId('certificate'), desk.sellerId('isv')];
  const [merchant_id] = desk.sellers();
  const total = readBooks();
  let served = 0;

  async function open(): Promise<void> {
    const fen = 100 + below(20_000);
    const platform = random() < 0.4;
    const settle_detail_infos = [{ trans_in_type: 'defaultSettle', amount: yuan(fen) }];
    const direct = {
      sub_merchant: { merchant_id },
      settle_info: { settle_detail_infos, settle_period_time: `${1 + below(5)}d` },
    };
    const more = platform ? direct : { extend_params: { royalty_freeze: random() < 0.7 } };
    const role = platform ? 'platform' : 'key';
    const product = random() < 0.5 ? 'page' : 'precreate';
    const paid = await desk.paid({ amount: yuan(fen), role, product, more });
    trades.push({ ...paid, platform, fen });
  }

  async function act(): Promise<Answer> {
    const trade = pick(trades);
    if (!trade) return {};
    const { trade_no, out_trade_no, fen } = trade;
    const out_request_no = desk.number();
    const role = trade.platform ? 'platform' : 'key';
    const call = (method: string, biz: Answer) => desk.call(method, biz, role);
    const chance = random();
    if (chance < 0.35) {
      return call('alipay.trade.order.settle', {
        trade_no,
        out_request_no,
        royalty_mode: random() < 0.5 ? 'async' : 'sync',
        royalty_parameters: Array.from({ length: 1 + below(3) }, () => ({
          trans_in: pick(receivers),
          amount: yuan(1 + below(Math.ceil(fen / 5))),
        })),
        ...(random() < 0.2 && { extend_params: { royalty_finish: 'true' } }),
      });
    }
    if (chance < 0.65) {
      return call(random() < 0.5 ? 'alipay.trade.refund' : 'alipay.trade.refund.apply', {
        out_trade_no,
        out_request_no,
        refund_amount: yuan(1 + below(fen)),
        ...(random() < 0.3 && {
          refund_royalty_parameters: [
            { trans_out: pick(receivers), amount: yuan(1 + below(Math.ceil(fen / 10))) },
          ],
        }),
      });
    }
    if (chance < 0.8) {
      return call('alipay.trade.settle.confirm', {
        trade_no,
        out_request_no,
        settle_info: {
          settle_detail_infos: [{ trans_in_type: 'defaultSettle', amount: yuan(fen) }],
        },
        ...(random() < 0.5 && { extend_params: { royalty_freeze: 'true' } }),
      });
    }
    desk.world.clock.advance(below(12 * 3_600_000));
    return {};
  }

  for (let step = 0; step < 300; step += 1) {
    if (step % 6 === 0) await open();
    const answer = await act();
    if (answer['code'] === '10000') served += 1;
    if (answer['code'] === '20000') throw new Error(JSON.stringify(answer));
    if (step % 25 === 0) expect(readBooks()).toBe(total);
  }
  desk.world.clock.advance(40 * 86_400_000);
  await desk.call('alipay.trade.query', { out_trade_no: 'none' });
  expect(readBooks()).toBe(total);
  expect([...desk.world.store.collection('fund_holds').values()]).toEqual([]);
  // Not a walk of refusals alone.
  expect(served).toBeGreaterThan(60);
});
