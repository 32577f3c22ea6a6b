import { withClient } from '../db/postgres-admin.ts';
import { createVault, readMasterKey, type Vault } from '../vault.ts';

/** How many of the database's secrets the master key of this machine opens. */
export interface SealedSecrets {
  readonly sealed: number;
  readonly opened: number;
  /** Why the others stay closed. */
  readonly problem: string;
}

interface SealedRow {
  readonly id: string;
  readonly sealed: Buffer;
}

export async function countSealed(url: string, master_key_file: string): Promise<SealedSecrets> {
  const rows = await withClient(url, async (client) => {
    const { rows: found } = await client.query<SealedRow>(
      `select id, credentials as sealed from wallet_accounts
       union all select id, secret from webhook_endpoints
       union all select id, previous_secret from webhook_endpoints
       where previous_secret is not null
       union all select merchant_id || '/' || wallet_account_id, payee from payout_terms
       where payee is not null
       union all select id, decode(payee, 'base64') from payouts
       where payee is not null and next_query_at is not null`,
    );
    return found;
  });
  let vault: Vault;
  try {
    vault = createVault(readMasterKey(master_key_file, { create: false }));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { sealed: rows.length, opened: 0, problem };
  }
  const opened = rows.filter((row) => opens(vault, row)).length;
  const problem = `the key in ${master_key_file} is another one`;
  return { sealed: rows.length, opened, problem };
}

function opens(vault: Vault, { id, sealed }: SealedRow): boolean {
  try {
    vault.open(sealed, id);
    return true;
  } catch {
    return false;
  }
}
