import { beforeAll, describe, expect, test } from 'vitest';
import { type Stages, sandboxStages } from './stage.ts';
import { type Told, tourOf } from './tour.ts';

/**
 * Every sandbox, started anew with the same seed, clock and calls in the same order, gives the same
 * numbers, tokens, codes and faults; keys and signatures are its own each time.
 */
const WALLETS = ['wechat_pay', 'alipay', 'union_pay', 'douyin_pay'] as const;
const HOUR_MS = 3_600_000;
/** The same for all of them, and near real time: some wallets take no order of another day. */
const AT = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS);
const runs: ReadonlyMap<string, readonly Told[]>[] = [];

async function walk(stages: Stages): Promise<void> {
  const told = new Map<string, readonly Told[]>();
  for (const [name, stage] of stages.of) told.set(name, await tourOf(stage, AT));
  runs.push(told);
}

/** The first two make keys of their own; the third, of another seed, has the second's keys. */
beforeAll(async () => {
  const first = await sandboxStages({ seed: 11, at: AT, keys_from: 'new' });
  await walk(first).finally(first.stop);
  const second = await sandboxStages({ seed: 11, at: AT, keys_from: 'new' });
  try {
    await walk(second);
    const third = await sandboxStages({ seed: 12, at: AT, keys_from: second.data_dir });
    await walk(third).finally(third.stop);
  } finally {
    await second.stop();
  }
}, 120_000);

describe.each(WALLETS)('%s', (wallet) => {
  const of = (index: number) => runs[index]?.get(wallet) ?? [];

  test('says the same to the same calls under the same seed', () => {
    expect(of(0).length).toBeGreaterThan(15);
    expect(of(1)).toEqual(of(0));
  });

  test('gives other numbers, codes and chances under another seed', () => {
    const other = new Map(of(2));
    const same = of(0).filter(([what, said]) => other.get(what) === said);
    const names = same.map(([what]) => what);
    // What has no number of the wallet in it, such as a balance, is the same for all seeds.
    expect(names.filter((what) => /number|token|code|faults of calls/.test(what))).toEqual([]);
  });
});
