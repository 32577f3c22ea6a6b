import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Admin } from '../admin/admin.ts';
import { answerApi } from './api.ts';
import { answerCashier, type Page } from './cashier.ts';
import type { Payer } from './payer.ts';
import type { DouyinPay } from './wallet.ts';

/** The listening side: the API under /v1/, the payer's page, the developers' desk. */
const MAX_BODY_BYTES = 64 * 1024;
const SILENCE_MS = 60_000;

export interface ServerParts {
  readonly douyin: DouyinPay;
  readonly payer: Payer;
  readonly admin: Admin;
}

export async function listen(parts: ServerParts): Promise<{ server: Server; port: number }> {
  const server = createServer(
    { maxHeaderSize: 16 * 1024, headersTimeout: 10_000, requestTimeout: 15_000 },
    (request, response) => {
      serve(parts, request, response).catch(() => response.destroy());
    },
  );
  server.keepAliveTimeout = 65_000;
  server.maxConnections = 4096;
  const { host, port } = parts.douyin.options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { server, port: (server.address() as AddressInfo).port };
}

async function serve(
  parts: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const target = request.url ?? '/';
  if (target.startsWith('/v1/')) {
    const { douyin } = parts;
    return answerApi({ douyin, hold }, request, response, body);
  }
  const page = await answerPage(parts, request, body);
  const bytes = Buffer.from(page.body);
  response.writeHead(page.status, { ...page.headers, 'content-length': bytes.length });
  response.end(bytes);
}

async function answerPage(
  { douyin, payer, admin }: ServerParts,
  request: IncomingMessage,
  body: Buffer | undefined,
): Promise<Page> {
  const target = request.url ?? '/';
  if (body === undefined || !target.startsWith('/') || !URL.canParse(target, 'http://sandbox')) {
    return plain(body === undefined ? 413 : 400, 'bad request');
  }
  const url = new URL(target, 'http://sandbox');
  const { method = 'GET', headers } = request;
  const text = body.toString('utf8');
  if (url.pathname === '/__sandbox' || url.pathname.startsWith('/__sandbox/')) {
    return admin.answer({ method, url, body: text, headers });
  }
  if (url.pathname.startsWith('/cashier/')) {
    return answerCashier({ douyin, payer }, { method, url, body: text, headers });
  }
  return plain(404, 'Douyin Pay sandbox: /v1/…, /cashier/…, /__sandbox/');
}

function plain(status: number, message: string): Page {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  return { status, headers, body: `${message}\n` };
}

/** Undefined when the body is too large; the rest of it is read and dropped. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES * 16) throw new Error('body far beyond the limit');
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
}

function hold(response: ServerResponse): void {
  const timer = setTimeout(() => response.destroy(), SILENCE_MS);
  timer.unref();
  response.on('close', () => clearTimeout(timer));
}
