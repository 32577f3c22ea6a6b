import { lookup as dnsLookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';

/**
 * Outbound HTTP with keep-alive, a total time budget and a cap on the answer. `node:http` and not
 * `fetch`: it is several times cheaper per call and lets the address be checked at connect time.
 */
export interface OutboundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Budget for the whole exchange, milliseconds. */
  readonly timeout_ms: number;
  /** Largest answer accepted, bytes. */
  readonly max_answer_bytes: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** `sent: false` means that no byte of the request can have reached the other side. */
export class OutboundError extends Error {
  readonly kind: 'refused_address' | 'connect' | 'timeout' | 'broken' | 'too_large';
  readonly sent: boolean;
  constructor(kind: OutboundError['kind'], sent: boolean, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'OutboundError';
    this.kind = kind;
    this.sent = sent;
  }
}

export type AddressRule = (address: string) => boolean;

export interface OutboundOptions {
  /** Which resolved addresses may be connected to; everything when absent. */
  readonly allow?: AddressRule;
  readonly lookup?: LookupFunction;
  readonly max_sockets?: number;
  /** What https connections show of this side, and whom they trust beside the system's roots. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
}

/** A client with its own connection pool. */
export class Outbound {
  readonly #http: http.Agent;
  readonly #https: https.Agent;
  readonly #lookup: LookupFunction;
  readonly #allow: AddressRule | undefined;

  constructor(options: OutboundOptions = {}) {
    const agent = { keepAlive: true, maxSockets: options.max_sockets ?? 256, keepAliveMsecs: 5000 };
    this.#http = new http.Agent(agent);
    this.#https = new https.Agent({ ...agent, ...options.tls });
    this.#allow = options.allow;
    this.#lookup = guardedLookup(options.allow, options.lookup ?? dnsLookup);
  }

  send(request: OutboundRequest): Promise<OutboundAnswer> {
    const url = new URL(request.url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (this.#allow && isIP(host) !== 0 && !this.#allow(host)) {
      return Promise.reject(
        new OutboundError('refused_address', false, `address not allowed: ${host}`),
      );
    }
    return new Promise((resolve, reject) => {
      let sent = false;
      const secure = url.protocol === 'https:';
      const message = (secure ? https : http).request(url, {
        method: request.method,
        headers: withLength(request),
        agent: secure ? this.#https : this.#http,
        lookup: this.#lookup,
      });
      const timer = setTimeout(() => {
        message.destroy(
          new OutboundError('timeout', sent, `no answer within ${request.timeout_ms} ms`),
        );
      }, request.timeout_ms);
      message.on('socket', (socket) => {
        if (!socket.connecting) sent = true;
        else
          socket.once('connect', () => {
            sent = true;
          });
      });
      message.on('error', (error) => {
        clearTimeout(timer);
        reject(describe(error, sent));
      });
      // Nobody asked for another protocol. Left alone, such an answer would never end.
      message.on('upgrade', (_response, socket) => {
        clearTimeout(timer);
        socket.destroy();
        reject(new OutboundError('broken', true, 'the other side switched protocols'));
      });
      message.on('response', (response) => {
        collect(response, request.max_answer_bytes).then(
          (body) => {
            clearTimeout(timer);
            resolve({ status: response.statusCode ?? 0, headers: flatten(response.headers), body });
          },
          (error: unknown) => {
            clearTimeout(timer);
            message.destroy();
            reject(describe(error, true));
          },
        );
      });
      message.end(request.body);
    });
  }

  stop(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function withLength(request: OutboundRequest): Record<string, string | number> {
  const length = request.body === undefined ? 0 : Buffer.byteLength(request.body);
  const bodyless = request.method === 'GET' || request.method === 'HEAD';
  return bodyless && length === 0
    ? { ...request.headers }
    : { ...request.headers, 'content-length': length };
}

function describe(error: unknown, sent: boolean): OutboundError {
  if (error instanceof OutboundError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new OutboundError(sent ? 'broken' : 'connect', sent, message, error);
}

function flatten(headers: http.IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

function collect(response: http.IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else reject(new OutboundError('too_large', true, `answer larger than ${limit} bytes`));
    });
    response.once('end', () => resolve(Buffer.concat(chunks)));
    response.once('error', reject);
    // After `end` it says nothing new; without it the answer broke off.
    response.once('close', () => reject(new Error('the answer broke off')));
  });
}

/** Checks every resolved address before the socket connects, so a rebinding name gains nothing. */
function guardedLookup(allow: AddressRule | undefined, lookup: LookupFunction): LookupFunction {
  if (!allow) return lookup;
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      if (error) return callback(error, address, family);
      const addresses = Array.isArray(address) ? address.map((entry) => entry.address) : [address];
      const bad = addresses.find((entry) => !allow(entry));
      if (bad !== undefined || addresses.length === 0) {
        const refused = new OutboundError(
          'refused_address',
          false,
          `address not allowed: ${bad ?? hostname}`,
        );
        return callback(refused as NodeJS.ErrnoException, address, family);
      }
      return callback(null, address, family);
    });
  };
}
