import {
  IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type RequestListener,
  ServerResponse,
} from 'node:http';
import { Socket } from 'node:net';

/** One request to a real request listener of `node:http`, without a socket between. */
export interface SimulatedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface SimulatedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const SENDER = '127.0.0.1';

/** `answered` hears the answer, or undefined when the other side broke off. */
export function exchange(
  listener: RequestListener,
  request: SimulatedRequest,
  answered: (answer: SimulatedAnswer | undefined) => void,
): void {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: SENDER });
  const incoming = new IncomingMessage(socket);
  incoming.method = request.method;
  incoming.url = request.path;
  incoming.httpVersion = '1.1';
  incoming.httpVersionMajor = 1;
  incoming.httpVersionMinor = 1;
  for (const [name, value] of Object.entries(request.headers)) {
    incoming.headers[name.toLowerCase()] = value;
    incoming.rawHeaders.push(name, value);
  }
  const { length } = request.body;
  if (length > 0 && incoming.headers['content-length'] === undefined) {
    incoming.headers['content-length'] = String(length);
    incoming.rawHeaders.push('Content-Length', String(length));
  }
  const response = new Recorded(incoming, answered);
  // The listener cuts the connection instead of answering.
  socket.on('close', () => response.broken());
  if (length > 0) incoming.push(request.body);
  incoming.push(null);
  incoming.complete = true;
  listener(incoming, response);
}

/** Keeps what the listener answers. */
class Recorded extends ServerResponse {
  readonly #answered: (answer: SimulatedAnswer | undefined) => void;
  readonly #chunks: Buffer[] = [];
  #over = false;
  #headed = false;

  constructor(request: IncomingMessage, answered: (answer: SimulatedAnswer | undefined) => void) {
    super(request);
    this.#answered = answered;
    Object.defineProperty(this, 'headersSent', { get: () => this.#headed });
  }

  broken(): void {
    if (this.#over) return;
    this.#over = true;
    this.#answered(undefined);
  }

  override writeHead(
    status: number,
    reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    this.statusCode = status;
    const given = typeof reason === 'object' ? reason : headers;
    if (Array.isArray(given)) {
      for (let i = 0; i + 1 < given.length; i += 2) {
        this.setHeader(String(given[i]), String(given[i + 1]));
      }
    } else {
      for (const [name, value] of Object.entries(given ?? {})) {
        if (value !== undefined) this.setHeader(name, value);
      }
    }
    this.#headed = true;
    return this;
  }

  override write(chunk: string | Uint8Array, ...rest: unknown[]): boolean {
    this.#headed = true;
    this.#chunks.push(Buffer.from(chunk as string));
    callLast(rest);
    return true;
  }

  override end(...given: unknown[]): this {
    if (this.#over) return this;
    this.#over = true;
    this.#headed = true;
    const [chunk] = given;
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
      this.#chunks.push(Buffer.from(chunk as string));
    }
    this.finished = true;
    callLast(given);
    this.#answered({
      status: this.statusCode,
      headers: plainHeaders(this.getHeaders()),
      body: Buffer.concat(this.#chunks),
    });
    process.nextTick(() => this.emit('finish'));
    process.nextTick(() => this.emit('close'));
    return this;
  }

  override destroy(): this {
    this.broken();
    return this;
  }

  override flushHeaders(): void {
    this.#headed = true;
  }
}

function callLast(given: readonly unknown[]): void {
  const last = given.at(-1);
  if (typeof last === 'function') process.nextTick(last as () => void);
}

function plainHeaders(headers: OutgoingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  return flat;
}
