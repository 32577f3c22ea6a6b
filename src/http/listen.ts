import { createServer as createHttpServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { App } from '../app.ts';
import { Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import { jsonHeaders, logRefusal } from './dispatch.ts';
import { asRefusal, renderError } from './error-body.ts';
import type { PageEnv } from './request.ts';

export interface Listening {
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
  /** Takes no more connections, lets running requests finish for up to 10 s, then cuts. */
  stop(): Promise<void>;
}

const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 10_000;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
const CHECK_EVERY_MS = 2_000;
const DRAIN_MS = 10_000;

/**
 * Serves on `host:port` (0 = any free one). Slow headers and slow bodies are cut off, so nobody
 * holds a connection by dripping bytes. @throws an Error naming the setting when the port is taken.
 */
export async function listen(
  app: App,
  server: Hono<PageEnv>,
  options: { readonly host: string; readonly port: number; readonly setting?: string },
): Promise<Listening> {
  const answer = getRequestListener((request, env) => server.fetch(request, env), {
    errorHandler: (error) => failure(app, error),
  });
  const http = createHttpServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
    },
    (request, response) => void answer(request, response),
  );
  http.maxConnections = MAX_CONNECTIONS;
  http.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    refuseSocket(app, error, socket);
  });
  await bind(http, options);
  const address = http.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { port, url: `http://${host}:${port}`, stop: () => drain(http) };
}

function bind(
  http: Server,
  { host, port, setting = 'HUTONG_PORT' }: { host: string; port: number; setting?: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'EADDRINUSE'
          ? `port ${port} on ${host} is in use: free it, or set ${setting} to another one`
          : `cannot listen on ${host}:${port} (${cause.code ?? cause.message}): check ${setting}`;
      reject(new Error(reason, { cause }));
    });
    http.listen(port, host, () => resolve());
  });
}

function drain(http: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => http.closeAllConnections(), DRAIN_MS);
    http.close(() => {
      clearTimeout(cut);
      resolve();
    });
    http.closeIdleConnections();
  });
}

/** A request that HTTP itself could not read: a wrong host, a path that is no path. */
function failure(app: App, error: unknown): Response {
  const request_id = newId('req');
  const malformed = error instanceof Error && error.name === 'RequestError';
  const refusal = malformed
    ? new Refusal('invalid_parameter', { message: `the request is malformed: ${error.message}` })
    : asRefusal(error);
  logRefusal(app, refusal, request_id);
  const { status, headers, text } = renderError(app, refusal, request_id);
  return new Response(text, { status, headers: { ...jsonHeaders(request_id), ...headers } });
}

const REASONS: Readonly<Record<string, { status: string; message: string }>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    message: `the request line and headers have at most ${MAX_HEADER_BYTES} bytes`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    message: 'the request took too long to arrive',
  },
};
const MALFORMED = { status: '400 Bad Request', message: 'this is not an HTTP request' };

function refuseSocket(app: App, error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, message } = REASONS[error.code ?? ''] ?? MALFORMED;
  const request_id = newId('req');
  const { text } = renderError(app, new Refusal('invalid_parameter', { message }), request_id);
  const headers = { ...jsonHeaders(request_id), Connection: 'close' };
  const lines = Object.entries({ ...headers, 'Content-Length': String(Buffer.byteLength(text)) });
  const head = lines.map(([name, value]) => `${name}: ${value}`).join('\r\n');
  socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${text}`);
}
