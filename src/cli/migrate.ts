import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { migrate } from '../db/migrate.ts';

/** `hutong migrate`: brings the database of DATABASE_URL to today's schema. */
export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the database of DATABASE_URL to this release’s schema')
    .action(async () => {
      const { database_url } = loadConfig(process.env);
      if (database_url === undefined) {
        throw new Error('set DATABASE_URL; "hutong start" migrates the embedded database itself');
      }
      const applied = await migrate(database_url);
      for (const name of applied) process.stdout.write(`applied ${name}\n`);
      if (applied.length === 0) process.stdout.write('nothing to do: the schema is current\n');
    });
}
