/** The machine's own time, kept before the simulation puts its own in their place. */
const timeout = globalThis.setTimeout;
const clear = globalThis.clearTimeout;
const immediate = globalThis.setImmediate;
const clock = globalThis.performance.now.bind(globalThis.performance);

/** Lets everything that is ready run, down to the last microtask. */
export function realTurn(): Promise<void> {
  return new Promise((resolve) => immediate(resolve));
}

/** True when `work` was over within the time. */
export function within(work: Promise<unknown>, limit_ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = timeout(() => resolve(false), limit_ms);
    const over = () => {
      clear(timer);
      resolve(true);
    };
    work.then(over, over);
  });
}

export function realSleep(ms: number): Promise<void> {
  return new Promise((resolve) => timeout(resolve, ms));
}

export function realMilliseconds(): number {
  return clock();
}

/** Of the process that the simulation runs in. */
export const realPid = process.pid;
