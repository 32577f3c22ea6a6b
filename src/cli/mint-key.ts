import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { openDb } from '../db/pool.ts';
import { claimMode } from '../installation.ts';
import { mintKey } from '../platforms/keys.ts';

/** `hutong mint-key`: the first operator key of an installation; every other comes from the API. */
export function addMintKey(program: Command): void {
  program
    .command('mint-key')
    .description('mint an operator key for the database of DATABASE_URL and print it once')
    .action(async () => {
      const config = loadConfig(process.env);
      if (config.database_url === undefined) {
        throw new Error('set DATABASE_URL; a sandbox’s operator key is in .hutong/sandbox.json');
      }
      const db = openDb({ url: config.database_url, max_connections: 1 });
      try {
        await claimMode(db, config.mode);
        const { secret } = await mintKey({ config }, db, { role: 'operator' });
        process.stdout.write(`${secret}\n`);
      } finally {
        await db.end();
      }
    });
}
