import { startPostgres } from '../../src/db/postgres-server.ts';

/**
 * A program for tests that kill it: starts PostgreSQL in the folder it is given, prints the process
 * number and the address, and holds it until it is killed or told to end.
 */
const [data_dir = ''] = process.argv.slice(2);
const server = await startPostgres({ data_dir });
const url = server.connectionString('postgres');
process.stdout.write(`${JSON.stringify({ pid: server.pid, url })}\n`);
process.on('SIGTERM', () => {
  void server.stop().then(() => process.exit(0));
});
setInterval(() => {}, 60_000);
