import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What would be an operating-system process in the real world. Everything that code begins (timers,
 * statements, calls) belongs to the process in whose context it runs, and ends with it.
 */
export interface SimulatedProcess {
  readonly name: string;
  alive: boolean;
}

const context = new AsyncLocalStorage<SimulatedProcess>();

/** Undefined outside of the simulation: the scheduler itself, the checker, the driver's insides. */
export function currentProcess(): SimulatedProcess | undefined {
  return context.getStore();
}

export function inProcess<T>(process: SimulatedProcess, work: () => T): T {
  return context.run(process, work);
}

/** Runs `work` outside of the simulation, with real time and real connections. */
export function outside<T>(work: () => T): T {
  return context.exit(work);
}

/** Calls it later as if it were called here. */
export function keepContext(): (work: () => void) => void {
  return AsyncLocalStorage.snapshot();
}
