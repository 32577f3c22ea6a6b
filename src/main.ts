#!/usr/bin/env node
import { Command } from 'commander';
import { addAddAccount } from './cli/add-account.ts';
import { addBackup } from './cli/backup.ts';
import { addCheck } from './cli/check.ts';
import { addDemo } from './cli/demo.ts';
import { addDoctor } from './cli/doctor.ts';
import { addHub } from './cli/hub.ts';
import { addLedger } from './cli/ledger.ts';
import { addMigrate } from './cli/migrate.ts';
import { addMintKey } from './cli/mint-key.ts';
import { addReconcile } from './cli/reconcile.ts';
import { addSandbox } from './cli/sandbox.ts';
import { addStart } from './cli/start.ts';

/** The `hutong` command: every subcommand registers itself from its own file. */
const program = new Command('hutong').description('open interoperability hub for payments');
for (const add of [
  addStart,
  addSandbox,
  addDemo,
  addBackup,
  addCheck,
  addDoctor,
  addMigrate,
  addMintKey,
  addAddAccount,
  addHub,
  addReconcile,
  addLedger,
]) {
  add(program);
}

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`hutong: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
