import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

export interface Serving {
  /** `http://host:port`, as a browser on this machine reaches it. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Serves pages that are no part of the hub (phone, shops) on a port of their own; 0 lets the system
 * choose. Throws an Error that names `setting` when the port cannot be had.
 */
export async function serve(
  routes: Hono,
  options: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<Serving> {
  const { host, port, setting } = options;
  const listener = getRequestListener((request, env) => routes.fetch(request, env), {
    overrideGlobalObjects: false,
  });
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => void listener(request, response),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === 'EADDRINUSE'
          ? `port ${port} on ${host} is in use: free it, or set ${setting} to another one`
          : `cannot listen on ${host}:${port} (${cause.code ?? cause.message}): check ${setting}`;
      reject(new Error(reason, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${reachable(host)}:${bound}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** "Every interface" is no address to open. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
