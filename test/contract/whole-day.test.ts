import { afterEach, describe, test } from 'vitest';
import { SANDBOX_WALLETS } from '../../src/sandbox/sandbox.ts';
import { wholeDayContract } from './day/contract.ts';
import { BEFORE } from './day/play.ts';
import { type Stages, sandboxStages } from './stage.ts';

/** Some orders in the normal run; ten thousand in `test/full`. */
const COUNT = 120;
let stages: Stages | undefined;
afterEach(() => stages?.stop());

describe(`a day of ${COUNT} mixed orders, refunds, splits and payouts`, () => {
  test.each(SANDBOX_WALLETS)(
    'at %s is what its bills and its books say, to the fen',
    async (name) => {
      stages = await sandboxStages({ seed: 21, at: BEFORE, only: [name] });
      const stage = stages.of.get(name);
      if (!stage) throw new Error(`no ${name}`);
      await wholeDayContract(stage, { count: COUNT, seed: 21 });
    },
  );
});
