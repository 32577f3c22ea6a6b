import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../faults.ts';
import { type Bench, openBench, type PaidOrder, poll, type Role } from './testing.ts';

/** Whatever is done to a paid order, nobody's money appears or disappears. */
let bench: Bench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.stop());

interface Game {
  readonly role: Exclude<Role, 'partner'>;
  readonly order: PaidOrder;
  readonly draw: (below: number) => number;
  readonly splits: string[];
  readonly receiver: string;
  readonly openid: string;
}

const BASE = { direct: '/v3/profitsharing', platform: '/v3/ecommerce/profitsharing' } as const;
const seller = ({ role, order }: Game) => (role === 'direct' ? {} : { sub_mchid: order.seller });

async function split(game: Game) {
  const { role, order, draw } = game;
  const platform = role === 'platform';
  const out_order_no = bench.number();
  const account = platform ? 'receiver_account' : 'account';
  const all = [
    { type: 'MERCHANT_ID', [account]: game.receiver },
    { type: 'PERSONAL_OPENID', [account]: game.openid },
    { type: 'MERCHANT_ID', [account]: order.seller },
  ];
  const receivers = all
    .slice(draw(2), 2 + draw(2))
    .map((part) => ({ ...part, amount: 1 + draw(900), description: '分账' }));
  game.splits.push(out_order_no);
  return bench.post(role, `${BASE[role]}/orders`, {
    ...seller(game),
    appid: bench.merchant(role).appid,
    transaction_id: order.transaction_id,
    out_order_no,
    receivers,
    [platform ? 'finish' : 'unfreeze_unsplit']: draw(12) === 0,
  });
}

function giveBack(game: Game) {
  const { role, draw, splits } = game;
  const path = role === 'platform' ? 'returnorders' : 'return-orders';
  return bench.post(role, `${BASE[role]}/${path}`, {
    ...seller(game),
    out_order_no: splits[draw(Math.max(1, splits.length))] ?? 'S-none',
    out_return_no: bench.number(),
    return_mchid: game.receiver,
    amount: 1 + draw(500),
    description: '回退',
  });
}

function release(game: Game) {
  const path = game.role === 'platform' ? 'finish-order' : 'orders/unfreeze';
  return bench.post(game.role, `${BASE[game.role]}/${path}`, {
    ...seller(game),
    transaction_id: game.order.transaction_id,
    out_order_no: bench.number(),
    description: '完结',
  });
}

function refund(game: Game) {
  const { role, order, draw } = game;
  const amount = { refund: 1 + draw(3000), total: order.total, currency: 'CNY' };
  const shared = { transaction_id: order.transaction_id, out_refund_no: bench.number(), amount };
  if (role === 'direct') return bench.post(role, '/v3/refund/domestic/refunds', shared);
  const advance = { refund_account: 'REFUND_SOURCE_PARTNER_ADVANCE' };
  return bench.post(role, '/v3/ecommerce/refunds/apply', {
    ...shared,
    ...seller(game),
    sp_appid: bench.merchant(role).appid,
    ...(draw(2) === 0 ? advance : {}),
  });
}

/** What happened at all: a game of refusals proves nothing. */
const accepted = new Set<string>();

async function step(game: Game) {
  const kinds = [split, split, split, giveBack, giveBack, refund, release];
  const kind = kinds[game.draw(game.draw(4) === 0 ? 7 : 6)] ?? split;
  const { status } = await kind(game);
  expect([200, 400, 403, 404]).toContain(status);
  if (status === 200) accepted.add(`${game.role} ${kind.name}`);
  // Half of the time what was accepted is done before the next call comes.
  if (game.draw(2) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  bench.wait(game.draw(400));
}

async function receiversOf(role: Game['role']) {
  const { mchid } = bench.merchant('partner');
  const openid = await bench.openid(role, 'chen');
  const { appid } = bench.merchant(role);
  const platform = role === 'platform';
  const name = platform ? '胡同服务商' : bench.seal(role, '胡同服务商');
  const relation_type = platform ? 'OTHERS' : 'PARTNER';
  for (const more of [
    { type: 'MERCHANT_ID', account: mchid, name },
    { type: 'PERSONAL_OPENID', account: openid },
  ]) {
    const body = { appid, relation_type, ...more };
    const answer = await bench.post(role, `${BASE[role]}/receivers/add`, body);
    expect([answer.status, answer.text]).toEqual([200, answer.text]);
  }
  return { receiver: mchid, openid };
}

test.each([
  ['direct', 1],
  ['direct', 2],
  ['platform', 3],
  ['platform', 4],
] as const)(
  'random moves on orders of a %s merchant conserve money (seed %i)',
  async (role, seed) => {
    const random = seededRandom(seed);
    const draw = (below: number) => Math.floor(random() * below);
    const receivers = await receiversOf(role);
    for (let round = 0; round < 5; round += 1) {
      const order = await bench.paid(role);
      bench.wait(60_000);
      const before = bench.everything();
      const game: Game = { role, order, draw, splits: [], ...receivers };
      for (let count = 0; count < 12; count += 1) await step(game);
      await poll(pending).toBe(0);
      expect(bench.everything()).toBe(before);
      for (const mchid of [order.seller, receivers.receiver]) {
        const { balance, held } = bench.account(mchid);
        expect(held).toBeGreaterThanOrEqual(0n);
        expect(balance).toBeGreaterThanOrEqual(held);
      }
    }
  },
);

test('the games had every kind of move', () => {
  const kinds = ['split', 'giveBack', 'refund', 'release'];
  const wanted = ['direct', 'platform'].flatMap((role) => kinds.map((kind) => `${role} ${kind}`));
  expect([...accepted].sort()).toEqual(wanted.sort());
});

/** Splits, returns and refunds that have not ended. */
function pending(): number {
  const { store } = bench.running;
  const splits = [...store.collection<{ state: string }>('splits').values()];
  const returns = [...store.collection<{ result: string }>('split_returns').values()];
  const refunds = [...store.collection<{ status: string }>('refunds').values()];
  return (
    splits.filter(({ state }) => state === 'PROCESSING').length +
    returns.filter(({ result }) => result === 'PROCESSING').length +
    refunds.filter(({ status }) => status === 'PROCESSING').length
  );
}

test('as many returns as splits leave everybody as before', async () => {
  const { receiver, openid } = await receiversOf('direct');
  const order = await bench.paid('direct');
  bench.wait(60_000);
  const before = {
    receiver: bench.account(receiver),
    seller: bench.account(order.seller),
    chen: bench.running.sandbox.balance('chen'),
  };
  const draw = () => 1;
  const game: Game = { role: 'direct', order, draw, splits: [], receiver, openid };
  const numbers: string[] = [];
  for (const amount of [100, 250, 333]) {
    const out_order_no = bench.number();
    numbers.push(out_order_no);
    await bench.post('direct', `${BASE.direct}/orders`, {
      transaction_id: order.transaction_id,
      out_order_no,
      receivers: [{ type: 'MERCHANT_ID', account: receiver, amount, description: '分账' }],
      unfreeze_unsplit: false,
    });
  }
  await poll(pending).toBe(0);
  for (const [index, amount] of [100, 250, 333].entries()) {
    await bench.post('direct', `${BASE.direct}/return-orders`, {
      ...seller(game),
      out_order_no: numbers[index],
      out_return_no: bench.number(),
      return_mchid: receiver,
      amount,
      description: '回退',
    });
  }
  await poll(pending).toBe(0);
  expect({
    receiver: bench.account(receiver),
    seller: bench.account(order.seller),
    chen: bench.running.sandbox.balance('chen'),
  }).toEqual(before);
});
