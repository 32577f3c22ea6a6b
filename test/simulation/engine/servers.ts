import { EventEmitter } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { Outbound, type OutboundAnswer } from '../../../src/outbound.ts';
import type { Network } from './network.ts';
import { currentProcess } from './process.ts';

let current: Network | undefined;

export function useNetwork(network: Network | undefined): void {
  current = network;
}

/** A server of `node:http` as far as the hub and the sandboxes use one. */
class SimulatedServer extends EventEmitter {
  readonly #listener: RequestListener;
  readonly #network: Network;
  #port = 0;
  maxConnections = 0;
  keepAliveTimeout = 0;

  constructor(network: Network, listener: RequestListener) {
    super();
    this.#network = network;
    this.#listener = listener;
  }

  listen(...args: unknown[]): this {
    const process = currentProcess();
    if (!process) throw new Error('nobody listens outside of a process');
    this.#port = this.#network.listen(process, this.#listener);
    const callback = args.at(-1);
    queueMicrotask(() => {
      this.emit('listening');
      if (typeof callback === 'function') callback();
    });
    return this;
  }

  address(): { port: number } {
    return { port: this.#port };
  }

  close(callback?: () => void): this {
    this.#network.close(this.#port);
    if (callback) queueMicrotask(callback);
    return this;
  }

  closeAllConnections(): void {}
  closeIdleConnections(): void {}
}

type Sent = Parameters<Outbound['send']>;

/** Once: calls and servers of simulated processes go over the simulated network. */
export function installNetwork(): void {
  const client: { send: (this: Outbound, ...given: Sent) => Promise<OutboundAnswer> } =
    Outbound.prototype;
  const realSend = client.send;
  client.send = function send(request) {
    const sender = currentProcess();
    return sender && current ? current.send(sender, request) : realSend.call(this, request);
  };
  const http = createRequire(import.meta.url)('node:http') as typeof import('node:http');
  const { createServer } = http;
  const simulated = (...args: unknown[]): Server => {
    const listener = args.at(-1) as RequestListener;
    if (!currentProcess() || !current) return Reflect.apply(createServer, http, args) as Server;
    // It has what is used of a server, and no socket.
    return new SimulatedServer(current, listener) as unknown as Server;
  };
  Object.assign(http, { createServer: simulated });
  syncBuiltinESMExports();
}
