import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { SANDBOX_WALLETS, type SandboxWallet } from '../src/sandbox/sandbox.ts';
import { startSandboxWallets } from '../src/world/wallets.ts';

/** The sandboxes of every wallet in a process of their own, books in memory, for the bench. */
const data_dir = mkdtempSync(join(tmpdir(), 'hutong-bench-'));
const ports = Object.fromEntries(SANDBOX_WALLETS.map((name) => [name, 0])) as Record<
  SandboxWallet,
  number
>;
const wallets = await startSandboxWallets({
  config: { host: '127.0.0.1', data_dir, notify_pace: 1 },
  ports,
  clock: systemClock,
});
process.on('disconnect', () => {
  void wallets.stop().then(() => {
    rmSync(data_dir, { recursive: true, force: true });
    process.exit(0);
  });
});
process.send?.(wallets.all.map((each) => ({ wallet: each.wallet, ...each.merchantAccount() })));
