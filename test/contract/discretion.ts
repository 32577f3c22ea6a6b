import { expect, test } from 'vitest';
import { type At, sandboxOf } from './payments.ts';

/** Last of the suite: over every call that all the tests before made. */
export function discretionContract(at: At): void {
  test('every call that was made is in the wallet’s table, under its trace’s operation', () => {
    const stage = at();
    const listed = new Set(stage.wallet.calls.map(({ operation }) => operation));
    const made = [...sandboxOf(stage).recorder.operations];
    expect(made.filter((operation) => !listed.has(operation))).toEqual([]);
    expect(made.length).toBeGreaterThan(4);
  });

  test('no trace shows a secret, a payer, a code, or anything of a person', () => {
    const stage = at();
    const { side, recorder } = sandboxOf(stage);
    for (const { credentials } of side.accounts()) recorder.expectDiscreet(credentials);
  });
}
