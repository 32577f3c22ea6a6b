import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Db } from './db/pool.ts';
import type { Jobs } from './jobs/jobs.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Logger } from './log.ts';
import type { Outbound } from './outbound.ts';
import type { Vault } from './vault.ts';
import type { Wallets } from './wallets/registry.ts';

/** Everything a verb may need; built once by `wiring.ts`, members overridden in tests. */
export interface App {
  readonly config: Config;
  readonly log: Logger;
  readonly db: Db;
  readonly clock: Clock;
  /** Encrypts and derives secrets under the master key. */
  readonly vault: Vault;
  /** Root URL under which shoppers and wallets reach this hub, without a trailing slash. */
  readonly public_url: string;
  readonly wallets: Wallets;
  readonly ledger: Ledger;
  readonly jobs: Jobs;
  /** For webhooks: refuses private addresses (loopback allowed in sandbox mode). */
  readonly outbound: Outbound;
}
