import type { RequestListener } from 'node:http';
import { type OutboundAnswer, OutboundError, type OutboundRequest } from '../../../src/outbound.ts';
import { exchange, type SimulatedAnswer } from './exchange.ts';
import { inProcess, keepContext, type SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** How often the network fails a message; each of them by chance, from 0 to 1. */
export interface NetworkFaults {
  /** The connection is refused: nothing was sent. */
  readonly refused: number;
  /** The request never arrives; the sender waits until its time is over. */
  readonly request_lost: number;
  /** It arrives and takes effect, and the answer never comes back. */
  readonly answer_lost: number;
  /** The connection breaks after the request took effect. */
  readonly broken: number;
  /** It arrives twice. */
  readonly doubled: number;
  /** Request or answer is late, by up to `late_ms`: others overtake it. */
  readonly late: number;
  readonly late_ms: number;
}

export const NO_FAULTS: NetworkFaults = {
  refused: 0,
  request_lost: 0,
  answer_lost: 0,
  broken: 0,
  doubled: 0,
  late: 0,
  late_ms: 1,
};

const USUAL_MS = 8;
const FIRST_PORT = 20_001;

/** Is a request with this address and body lost, whoever sends it? */
export type Losing = (url: URL, body: string) => boolean;

interface Address {
  readonly process: SimulatedProcess;
  readonly listener: RequestListener;
}

interface Journey {
  readonly name: string;
  readonly request: OutboundRequest;
  readonly url: URL;
  /** The sender hears one of the two, once. */
  readonly answered: (answer: SimulatedAnswer) => void;
  readonly failed: (error: OutboundError) => void;
}

/** All HTTP between hub, wallets, shop and payers. */
export class Network {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #wire: SimulatedProcess = { name: 'net', alive: true };
  readonly #addresses = new Map<number, Address>();
  /** Ports that stand for whichever of several processes is alive. */
  readonly #shared = new Map<number, () => number[]>();
  /** Requests whose answers are being made, by who makes them. */
  readonly #inside = new Map<SimulatedProcess, Set<() => void>>();
  readonly #losing = new Set<Losing>();
  #port = FIRST_PORT;
  faults: NetworkFaults = NO_FAULTS;

  constructor(options: { scheduler: Scheduler; random: Random }) {
    this.#scheduler = options.scheduler;
    this.#random = options.random.stream('network');
  }

  /** Answers the port. */
  listen(process: SimulatedProcess, listener: RequestListener): number {
    this.#port += 1;
    this.#addresses.set(this.#port, { process, listener });
    return this.#port;
  }

  close(port: number): void {
    this.#addresses.delete(port);
  }

  /** Requests to `port` go to any of `ports`: a load balancer that knows who is ready. */
  share(port: number, ports: () => number[]): void {
    this.#shared.set(port, ports);
  }

  /** Loses certain requests until the answer is called. */
  lose(which: Losing): () => void {
    this.#losing.add(which);
    return () => this.#losing.delete(which);
  }

  /** Connections to a dead process break. */
  bury(process: SimulatedProcess): void {
    for (const [port, address] of this.#addresses) {
      if (address.process === process) this.#addresses.delete(port);
    }
    for (const broken of this.#inside.get(process) ?? []) broken();
    this.#inside.delete(process);
  }

  send(sender: SimulatedProcess, request: OutboundRequest): Promise<OutboundAnswer> {
    const { faults } = this;
    const url = new URL(request.url);
    const name = `${request.method} ${url.port}${url.pathname}`;
    const resume = keepContext();
    return new Promise((resolve, reject) => {
      let over = false;
      const settle = (work: () => void) => {
        if (over || !sender.alive) return;
        over = true;
        giveUp();
        resume(work);
      };
      const label = `gives up ${name}`;
      const delay_ms = request.timeout_ms;
      const giveUp = this.#scheduler.gate({ process: sender, label, delay_ms, timer: true }, () => {
        settle(() => reject(new OutboundError('timeout', true, `no answer within ${delay_ms} ms`)));
      });
      const journey: Journey = {
        name,
        request,
        url,
        answered: (answer) => settle(() => resolve(answer)),
        failed: (error) => settle(() => reject(error)),
      };
      const random = this.#random;
      if (random.chance(faults.refused)) return this.#refuse(journey);
      if (this.#isLosing(url, request) || random.chance(faults.request_lost)) {
        this.#scheduler.trace.add(`   ${name} is lost`);
        return;
      }
      this.#travel(`arrives: ${name}`, () => this.#arrive(journey));
      if (!random.chance(faults.doubled)) return;
      this.#travel(`arrives again: ${name}`, () => this.#arrive(journey));
    });
  }

  #isLosing(url: URL, { body = '' }: OutboundRequest): boolean {
    if (this.#losing.size === 0) return false;
    const text = Buffer.from(body).toString('latin1');
    return [...this.#losing].some((which) => which(url, text));
  }

  #travel(label: string, arrive: () => void): void {
    const { late, late_ms } = this.faults;
    const random = this.#random;
    const delay_ms = random.below(random.chance(late) ? late_ms : USUAL_MS);
    this.#scheduler.gate({ process: this.#wire, label, delay_ms }, arrive);
  }

  #refuse({ name, failed }: Journey): void {
    this.#travel(`refused: ${name}`, () => {
      failed(new OutboundError('connect', false, 'connect ECONNREFUSED'));
    });
  }

  #find(port: number): Address | undefined {
    const shared = this.#shared.get(port);
    if (!shared) return this.#addresses.get(port);
    const open = shared().filter((each) => this.#addresses.has(each));
    return open.length > 0 ? this.#addresses.get(this.#random.pick(open)) : undefined;
  }

  #arrive(journey: Journey): void {
    const { url, request, name } = journey;
    const address = this.#find(Number(url.port));
    if (!address) return this.#refuse(journey);
    const { process, listener } = address;
    const inside = this.#inside.get(process) ?? new Set();
    this.#inside.set(process, inside);
    const broken = () => {
      inside.delete(broken);
      this.#travel(`breaks: ${name}`, () =>
        journey.failed(new OutboundError('broken', true, 'socket hang up')),
      );
    };
    inside.add(broken);
    const body = Buffer.from(request.body ?? '');
    const path = url.pathname + url.search;
    const headers = { host: url.host, ...request.headers };
    inProcess(process, () =>
      exchange(listener, { method: request.method, path, headers, body }, (answer) => {
        if (!inside.has(broken)) return;
        if (!answer) return broken();
        inside.delete(broken);
        this.#return(journey, answer);
      }),
    );
  }

  #return(journey: Journey, answer: SimulatedAnswer): void {
    const { name } = journey;
    const { faults } = this;
    const random = this.#random;
    if (random.chance(faults.answer_lost)) {
      this.#scheduler.trace.add(`   the answer ${answer.status} to ${name} is lost`);
      return;
    }
    const broken = random.chance(faults.broken);
    this.#travel(`${broken ? 'breaks' : answer.status}: ${name}`, () => {
      if (broken) journey.failed(new OutboundError('broken', true, 'socket hang up'));
      else if (answer.body.length <= journey.request.max_answer_bytes) journey.answered(answer);
      else journey.failed(new OutboundError('too_large', true, 'the answer is too large'));
    });
  }
}
