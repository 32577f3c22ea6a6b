#!/usr/bin/env node
import { Command } from 'commander';

/** Subcommands register themselves from files of their own; only what is asked for is loaded. */
type Add = (program: Command) => void;
const COMMANDS: readonly (readonly [names: readonly string[], load: () => Promise<Add>])[] = [
  [['start'], async () => (await import('./cli/start.ts')).addStart],
  [['sandbox'], async () => (await import('./cli/sandbox.ts')).addSandbox],
  [['demo'], async () => (await import('./cli/demo/command.ts')).addDemo],
  [['backup', 'restore', 'drill'], async () => (await import('./cli/backup.ts')).addBackup],
  [['check'], async () => (await import('./cli/check.ts')).addCheck],
  [['doctor'], async () => (await import('./cli/doctor.ts')).addDoctor],
  [['migrate'], async () => (await import('./cli/migrate.ts')).addMigrate],
  [['mint-key'], async () => (await import('./cli/mint-key.ts')).addMintKey],
  [['add-account'], async () => (await import('./cli/add-account.ts')).addAddAccount],
  [['hub'], async () => (await import('./cli/hub.ts')).addHub],
  [['reconcile'], async () => (await import('./cli/reconcile.ts')).addReconcile],
  [['ledger'], async () => (await import('./cli/ledger.ts')).addLedger],
];

async function run(asked = ''): Promise<void> {
  const program = new Command('hutong').description('open interoperability hub for payments');
  const named = COMMANDS.filter(([names]) => names.includes(asked));
  // Help, and the complaint about a name that there is not, know all of them.
  for (const [, load] of named.length > 0 ? named : COMMANDS) (await load())(program);
  await program.parseAsync();
}

run(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`hutong: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
