import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The hub as a process of its own, so that killing it leaves the wallets' books alive. It is
 * started again when it dies, as an init system would do.
 */
export interface HubProcess {
  readonly pid: () => number | undefined;
  /** Lets the hub finish what runs, then ends it. */
  stop(): Promise<void>;
}

export interface HubProcessOptions {
  /** The whole environment of the hub. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
}

const READY_MS = 30_000;
const RESTART_MS = 300;
const STOP_MS = 15_000;
const MAX_QUICK_DEATHS = 10;
const QUICK_MS = 1_000;

export async function startHubProcess(options: HubProcessOptions): Promise<HubProcess> {
  let child = await launch(options);
  let stopping = false;
  let quickDeaths = 0;

  function watch(started: number): void {
    child.once('exit', (code, signal) => {
      if (stopping) return;
      quickDeaths = Date.now() - started < QUICK_MS ? quickDeaths + 1 : 0;
      options.say(`hub ended (${signal ?? code}); starting it again`);
      void again();
    });
  }

  async function again(): Promise<void> {
    while (!stopping && quickDeaths < MAX_QUICK_DEATHS) {
      await sleep(RESTART_MS);
      try {
        const started = Date.now();
        child = await launch(options);
        watch(started);
        return;
      } catch (error) {
        quickDeaths += 1;
        options.say(
          `hub does not start: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
    if (!stopping) options.say('hub keeps dying and is left alone: mend it, then start again');
  }

  watch(Date.now());
  return {
    pid: () => child.pid,
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(cut);
    },
  };
}

/** Starts `hutong hub` with this program's own Node and options; resolves when it listens. */
async function launch(options: HubProcessOptions): Promise<ChildProcess> {
  const [script] = process.argv.slice(1, 2);
  const child = spawn(process.execPath, [...process.execArgv, script ?? '', 'hub'], {
    env: { ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Ctrl-C reaches the parent, which lets the hub drain before the database goes.
    detached: true,
  });
  const ready = once(child, 'message');
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the hub ended while starting (${String(signal ?? code)})`);
  });
  let impatient: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    impatient = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the hub did not start within ${READY_MS / 1000} s`));
    }, READY_MS);
  });
  // It goes on watching after the race, when nobody listens any more.
  ended.catch(() => {});
  try {
    await Promise.race([ready, ended, late]);
  } finally {
    // Later it would kill a hub that is well.
    clearTimeout(impatient);
  }
  return child;
}
