import { keepContext, type SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import { realTurn } from './real.ts';
import { Trace } from './trace.ts';

/**
 * Nothing in the simulation happens by itself. Whatever would wait for the world (a statement, a
 * message, a timer) stands at a gate; the scheduler opens one gate after another, by the seed, and
 * after each lets the code run until everybody stands at a gate again.
 */
interface Gate {
  readonly order: number;
  readonly process: SimulatedProcess;
  readonly label: string;
  /** Virtual time from which on it may open. */
  readonly at_ms: number;
  /** Timers of one process fire in the order of their times. */
  readonly timer: boolean;
  run(): void | Promise<void>;
}

export interface GateOptions {
  readonly process: SimulatedProcess;
  readonly label: string;
  readonly delay_ms?: number;
  readonly timer?: boolean;
}

/** How the next of several open gates is chosen; by the seed. */
const MOODS = ['even', 'newest', 'oldest', 'unfair'] as const;
const MOODY = 0.7;
/** Virtual milliseconds that pass at a gate: mostly none, sometimes some. */
const DRIFT_MS = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 5] as const;

export class Scheduler {
  readonly trace: Trace;
  readonly #random: Random;
  readonly #mood: (typeof MOODS)[number];
  readonly #immediates: { process: SimulatedProcess; run: () => void }[] = [];
  #gates: Gate[] = [];
  #order = 0;
  #now: number;
  #neglected: SimulatedProcess | undefined;
  turns = 0;

  constructor(options: { random: Random; start_ms: number; listener?: (line: string) => void }) {
    this.#random = options.random.stream('scheduler');
    this.#mood = this.#random.pick(MOODS);
    this.#now = options.start_ms;
    this.trace = new Trace(options.listener);
  }

  /** Virtual time, epoch milliseconds. */
  get now_ms(): number {
    return this.#now;
  }

  /** Answers a function that takes the gate away again. */
  gate({ process, label, delay_ms = 0, timer = false }: GateOptions, run: Gate['run']) {
    this.#order += 1;
    const at_ms = this.#now + Math.max(0, Math.floor(delay_ms));
    const gate: Gate = { order: this.#order, process, label, at_ms, timer, run };
    this.#gates.push(gate);
    return () => {
      const at = this.#gates.indexOf(gate);
      if (at >= 0) this.#gates.splice(at, 1);
    };
  }

  /** Waits at a gate of its own; `work` is the real thing that the gate stands for. */
  pass<T>(options: GateOptions, work: () => T | Promise<T>): Promise<T> {
    const resume = keepContext();
    return new Promise((resolve, reject) => {
      this.gate(options, async () => {
        try {
          const value = await work();
          resume(() => resolve(value));
        } catch (error) {
          resume(() => reject(error));
        }
      });
    });
  }

  immediate(process: SimulatedProcess, run: () => void): () => void {
    const entry = { process, run };
    this.#immediates.push(entry);
    return () => {
      const at = this.#immediates.indexOf(entry);
      if (at >= 0) this.#immediates.splice(at, 1);
    };
  }

  /** What a dead process was about to do does not happen. */
  bury(process: SimulatedProcess): void {
    process.alive = false;
    this.#gates = this.#gates.filter((gate) => gate.process !== process);
  }

  /** Opens one gate, or moves time on to the next; false when there is nothing left to wait for. */
  async step(): Promise<boolean> {
    const open = this.#open();
    if (open.length === 0) {
      const next = Math.min(...this.#gates.map((gate) => gate.at_ms));
      if (!Number.isFinite(next)) return false;
      this.#now = next;
      return true;
    }
    const gate = this.#choose(open);
    this.#gates.splice(this.#gates.indexOf(gate), 1);
    this.turns += 1;
    this.#now += this.#random.pick(DRIFT_MS);
    const said = `${this.turns} ${this.#now} 1/${open.length} ${gate.process.name} ${gate.label}`;
    this.trace.add(said);
    await gate.run();
    await this.settle();
    return true;
  }

  /** Runs all code that is ready, until everybody waits at a gate. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) {
      await realTurn();
      const next = this.#immediates.shift();
      if (!next) quiet += 1;
      else {
        quiet = 0;
        if (next.process.alive) next.run();
      }
    }
  }

  #open(): Gate[] {
    const open: Gate[] = [];
    const timers = new Map<SimulatedProcess, Gate>();
    for (const gate of this.#gates) {
      if (gate.at_ms > this.#now) continue;
      const first = gate.timer ? timers.get(gate.process) : undefined;
      if (!gate.timer) open.push(gate);
      else if (!first || gate.at_ms < first.at_ms) timers.set(gate.process, gate);
    }
    return [...open, ...timers.values()];
  }

  #choose(open: readonly Gate[]): Gate {
    const random = this.#random;
    if (this.#mood === 'even' || !random.chance(MOODY)) return random.pick(open);
    if (this.#mood === 'newest') return open.reduce((a, b) => (b.order > a.order ? b : a));
    if (this.#mood === 'oldest') return open.reduce((a, b) => (b.order < a.order ? b : a));
    if (random.chance(0.01)) this.#neglected = random.pick(open).process;
    const others = open.filter((gate) => gate.process !== this.#neglected);
    return random.pick(others.length > 0 ? others : open);
  }
}
