import { afterEach, describe, test } from 'vitest';
import { SANDBOX_WALLETS } from '../../src/sandbox/sandbox.ts';
import { wholeDayContract } from '../contract/day/contract.ts';
import { BEFORE } from '../contract/day/play.ts';
import { type Stages, sandboxStages } from '../contract/stage.ts';

/** As `test/contract/whole-day.test.ts`, with the business of a great shop. */
const COUNT = 10_000;
let stages: Stages | undefined;
afterEach(() => stages?.stop());

describe(`a day of ${COUNT} mixed orders, refunds, splits and payouts`, () => {
  test.each(SANDBOX_WALLETS)('at %s is what its bills and its books say', async (name) => {
    stages = await sandboxStages({ seed: 22, at: BEFORE, only: [name] });
    const stage = stages.of.get(name);
    if (!stage) throw new Error(`no ${name}`);
    await wholeDayContract(stage, { count: COUNT, seed: 22 });
  });
});
