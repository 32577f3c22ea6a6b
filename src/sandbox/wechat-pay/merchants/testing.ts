import type { WalletSandbox } from '../../sandbox.ts';

/** Does what a developer does at the wallet's own port. */
export async function act(
  { sandbox }: { sandbox: WalletSandbox },
  name: string,
  input: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const action = sandbox.actions.find((known) => known.name === name);
  if (!action) throw new Error(`no action ${name}`);
  return { ...(await action.run(input)) };
}
