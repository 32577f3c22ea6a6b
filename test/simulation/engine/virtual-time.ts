import { createRequire, syncBuiltinESMExports } from 'node:module';
import { currentProcess, keepContext } from './process.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Time and randomness of everything that runs in a simulated process: `Date`, timers,
 * `performance.now`, `node:crypto`'s random functions and `Math.random` come from the simulation at
 * hand. Outside of a simulated process timers stay those of the machine.
 */
interface Source {
  readonly scheduler: Scheduler;
  readonly random: Random;
}

let source: Source | undefined;

export function useSource(next: Source | undefined): void {
  source = next;
}

const require = createRequire(import.meta.url);

function replace(module: string, members: Record<string, unknown>): void {
  Object.assign(require(module), members);
}

type Callback = (...args: unknown[]) => void;

/** What `setTimeout` answers in a simulated process. */
class VirtualTimer {
  #cancel: () => void = () => {};

  start(work: () => void, delay_ms: number, repeats: boolean, label: string): this {
    const process = currentProcess();
    const scheduler = source?.scheduler;
    if (!process || !scheduler) throw new Error('no simulation runs');
    const inContext = keepContext();
    const arm = () => {
      this.#cancel = scheduler.gate({ process, label, delay_ms, timer: true }, () => {
        if (repeats) arm();
        inContext(work);
      });
    };
    arm();
    return this;
  }

  stop(): void {
    this.#cancel();
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  clearTimeout: globalThis.clearTimeout,
  clearImmediate: globalThis.clearImmediate,
  now: globalThis.performance.now.bind(globalThis.performance),
  random: Math.random,
  sleep: (require('node:timers/promises') as typeof import('node:timers/promises')).setTimeout,
};
const realCrypto = { ...(require('node:crypto') as typeof import('node:crypto')) };

function simulated(): Source | undefined {
  return currentProcess() ? source : undefined;
}

function delayOf(ms: unknown): number {
  const delay = Number(ms ?? 0);
  return Number.isFinite(delay) && delay >= 1 ? delay : 1;
}

function timerFunction(kind: 'setTimeout' | 'setInterval') {
  return (work: Callback, ms?: number, ...args: unknown[]) =>
    simulated()
      ? new VirtualTimer().start(() => work(...args), delayOf(ms), kind === 'setInterval', 'timer')
      : real[kind](work, ms, ...args);
}

function clearTimer(timer: unknown): void {
  if (timer instanceof VirtualTimer) timer.stop();
  else real.clearTimeout(timer as NodeJS.Timeout);
}

function sleep<T>(
  ms?: number,
  value?: T,
  options: { signal?: AbortSignal; ref?: boolean } = {},
): Promise<T | undefined> {
  if (!simulated()) return real.sleep(ms, value, options);
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const aborted = () => {
      timer.stop();
      reject(signal?.reason);
    };
    const done = () => {
      signal?.removeEventListener('abort', aborted);
      resolve(value);
    };
    const timer = new VirtualTimer().start(done, delayOf(ms), false, 'sleep');
    if (signal?.aborted) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
  });
}

function installTime(): void {
  const virtualNow = () => source?.scheduler.now_ms ?? real.Date.now();
  const virtualDate = new Proxy(real.Date, {
    construct: (target, args: ConstructorParameters<DateConstructor> | []) =>
      args.length === 0 ? new target(virtualNow()) : Reflect.construct(target, args),
    apply: () => new real.Date(virtualNow()).toString(),
    get: (target, name, receiver: unknown) =>
      name === 'now' ? virtualNow : Reflect.get(target, name, receiver),
  });
  const clearImmediateGate = (handle: unknown) => {
    if (typeof handle === 'function') handle();
    else real.clearImmediate(handle as NodeJS.Immediate);
  };
  const setImmediateGate = (work: Callback, ...args: unknown[]) => {
    const process = currentProcess();
    if (!process || !source) return real.setImmediate(work, ...args);
    const inContext = keepContext();
    return source.scheduler.immediate(process, () => inContext(() => work(...args)));
  };
  const timers = {
    setTimeout: timerFunction('setTimeout'),
    setInterval: timerFunction('setInterval'),
    setImmediate: setImmediateGate,
    clearTimeout: clearTimer,
    clearInterval: clearTimer,
    clearImmediate: clearImmediateGate,
  };
  Object.assign(globalThis, { Date: virtualDate, ...timers });
  replace('node:timers', timers);
  replace('node:timers/promises', { setTimeout: sleep });
  globalThis.performance.now = () => (source ? source.scheduler.now_ms : real.now());
}

/** RSA is deterministic here; done at once instead of on another thread. */
function signAtOnce(...args: Parameters<typeof realCrypto.sign>): unknown {
  const callback = args.at(-1) as unknown;
  if (typeof callback !== 'function' || !simulated()) return realCrypto.sign(...args);
  const [algorithm, data, key] = args;
  try {
    const signature = realCrypto.sign(algorithm, data, key);
    process.nextTick(callback, null, signature);
  } catch (error) {
    process.nextTick(callback, error);
  }
  return undefined;
}

function installRandomness(): void {
  const randomBytes = (size: number, callback?: (error: null, bytes: Buffer) => void) => {
    const bytes = source?.random.bytes(size) ?? realCrypto.randomBytes(size);
    if (!callback) return bytes;
    process.nextTick(callback, null, bytes);
    return undefined;
  };
  const randomUUID = () => {
    const bytes = source?.random.bytes(16);
    if (!bytes) return realCrypto.randomUUID();
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
  const randomInt = (low: number, high?: number) => {
    const [from, to] = high === undefined ? [0, low] : [low, high];
    return source ? from + source.random.below(to - from) : realCrypto.randomInt(from, to);
  };
  replace('node:crypto', { randomBytes, randomUUID, randomInt, sign: signAtOnce });
  Math.random = () => source?.random.fraction() ?? real.random();
}

/** Once, before the modules of the hub begin to run. */
export function installVirtualTime(): void {
  // Holders of leases name their process by it.
  Object.defineProperty(process, 'pid', { value: 1 });
  installTime();
  installRandomness();
  syncBuiltinESMExports();
}
