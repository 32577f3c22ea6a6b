import type { Command } from 'commander';
import { type Config, loadConfig } from '../config.ts';
import { listen } from '../http/listen.ts';
import { createHub } from '../hub.ts';
import { claimMode, refuseUnready } from '../installation.ts';
import { createApp } from '../wiring.ts';
import { JOB_SPECS, PERIODIC_SPECS } from '../work.ts';

/** `hutong hub`: the hub alone, on the database that DATABASE_URL names. */
export function addHub(program: Command): void {
  program
    .command('hub')
    .description('run the hub alone, on the database of DATABASE_URL')
    .action(async () => {
      const config = loadConfig(process.env);
      if (config.database_url === undefined) {
        throw new Error('set DATABASE_URL to a PostgreSQL of version 15 or later');
      }
      await runHub(config, config.database_url);
    });
}

function publicUrl(config: Config): string {
  if (config.public_url !== undefined) return config.public_url.replace(/\/$/, '');
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return `http://${host}:${config.port}`;
}

/** Serves until a signal, or until the process that started it is gone. */
async function runHub(config: Config, database_url: string): Promise<void> {
  const built = await createApp({
    config,
    database_url,
    name: 'hub',
    public_url: publicUrl(config),
  });
  const { app } = built;
  await claimMode(app.db, config.mode);
  await refuseUnready(app);
  const server = await listen(app, createHub(app), { host: config.host, port: config.port });
  app.jobs.start(app, JOB_SPECS, PERIODIC_SPECS);
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await server.stop();
    await built.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => void stop());
  // Started by `hutong start`: the channel closes when that process is gone.
  process.on('disconnect', () => void stop());
  process.send?.({ ready: server.url });
}
