import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiParts, answerApi } from './api/answer.ts';
import { Rates } from './api/rates.ts';
import { takesUpload } from './api/routes.ts';
import type { SandboxContext } from './context.ts';
import type { Pages } from './pages/page.ts';
import { answerPage } from './pages/routes.ts';
import { answerV2 } from './v2/answer.ts';
import { isV2Path } from './v2/routes.ts';

/** The listening side: limits on sizes and times, the API under /v3/, pages elsewhere. */
const MAX_BODY_BYTES = 64 * 1024;
/** Above the 5 MB that a file may have, so that a larger one gets its own refusal. */
const MAX_UPLOAD_BYTES = 6 * 1024 * 1024;
/** Read and dropped beyond the limit, so that the refusal can be sent. */
const DROPPED_BYTES = 1024 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 4096;
const RECEIVE_TIMEOUT_MS = 15_000;
/** Longer than the 8 s announced in Keep-Alive, so that the client lets go first. */
const KEEP_ALIVE_MS = 15_000;
const SILENCE_MS = 60_000;

export interface WechatPayServer {
  /** The port it listens on. */
  readonly port: number;
  stop(): Promise<void>;
}

export async function listen(options: {
  context: SandboxContext;
  pages: Pages;
  host: string;
  port: number;
}): Promise<WechatPayServer> {
  const held = new Set<ServerResponse>();
  const parts: ApiParts = {
    context: options.context,
    rates: new Rates(),
    hold: (response) => hold(held, response),
  };
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: RECEIVE_TIMEOUT_MS },
    (request, response) => {
      serve(parts, options.pages, request, response).catch(() => response.destroy());
    },
  );
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = MAX_CONNECTIONS;
  const port = await bind(server, options);
  return {
    port,
    stop: async () => {
      for (const response of held) response.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function bind(server: Server, options: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      const address = server.address() as AddressInfo;
      resolve(address.port);
    });
  });
}

async function serve(
  parts: ApiParts,
  pages: Pages,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const limit = takesUpload(request.method ?? '', request.url ?? '')
    ? MAX_UPLOAD_BYTES
    : MAX_BODY_BYTES;
  const body = await readBody(request, limit);
  if ((request.url ?? '').startsWith('/v3/')) {
    return answerApi(parts, request, response, body);
  }
  if (isV2Path((request.url ?? '').split('?')[0] ?? '')) {
    return answerV2(parts, request, response, body);
  }
  return answerPage(pages, request, response, body);
}

/** Undefined when the body is too large; the rest of it is read and dropped. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit + DROPPED_BYTES) throw new Error('body far beyond the limit');
    if (size <= limit) chunks.push(chunk);
  }
  return size > limit ? undefined : Buffer.concat(chunks);
}

function hold(held: Set<ServerResponse>, response: ServerResponse): void {
  held.add(response);
  const timer = setTimeout(() => response.destroy(), SILENCE_MS);
  timer.unref();
  response.on('close', () => {
    clearTimeout(timer);
    held.delete(response);
  });
}
