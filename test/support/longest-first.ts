import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files of many seconds, longest first: begun last, they would keep one worker busy when the others
 * have nothing left. A list, as a fresh checkout knows no times.
 */
const LONG = [
  'test/simulation/simulation.test.ts',
  'test/security/idempotency.test.ts',
  'src/db/postgres-server.test.ts',
  'test/market/edges.test.ts',
  'src/ledger/writer/processes.test.ts',
  'test/crash/kill.test.ts',
  'test/demo.test.ts',
  'test/contract/contract.test.ts',
  'test/payments/every-fault.test.ts',
  'test/contract/deterministic.test.ts',
  'test/e2e/changes-of-mind.test.ts',
  'test/security/wire-storm.test.ts',
  'test/security/wire-desk.test.ts',
  'test/contract/whole-day.test.ts',
  'test/phone/sandbox-command.test.ts',
] as const;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files);
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONG.findIndex((path) => moduleId.endsWith(path));
      return found < 0 ? LONG.length : found;
    };
    return others.sort((one, other) => place(one) - place(other));
  }
}
