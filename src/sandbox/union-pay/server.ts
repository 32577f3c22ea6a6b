import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Admin } from '../admin/admin.ts';
import type { Reply } from '../html.ts';
import { Gateway, type WireReply } from './api/gateway.ts';
import { FILE_GATEWAY, PREFIX } from './api/route.ts';
import type { UnionPay } from './books.ts';
import { answerCashier, CASHIER_SCRIPT } from './pages/cashier.ts';
import { answerFront } from './pages/front.ts';

/** The sandbox's own port: the gateways for programs, pages for the payer's browser. */
const MAX_BODY_BYTES = 65_536;
const SILENCE_MS = 60_000;
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const WILDCARD = ['0.0.0.0', '::'];
const FRONT = `${PREFIX}frontTransReq.do`;
const API_FILES: readonly string[] = [
  'appTransReq.do',
  'backTransReq.do',
  'queryTrans.do',
  'order.do',
];

class TooLarge extends Error {}

interface Parts {
  readonly union: UnionPay;
  readonly admin: Admin;
  readonly gateway: Gateway;
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) reject(new TooLarge());
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}

/** Pages are for this machine's browser only: a foreign name or origin is a rebinding attempt. */
function isForeign(union: UnionPay, request: IncomingMessage): boolean {
  if (WILDCARD.includes(union.options.host)) return false;
  const host = request.headers.host ?? '';
  const name = host.replace(/:\d+$/, '');
  if (!LOOPBACK.includes(name) && name !== union.options.host) return true;
  const origin = request.headers.origin;
  return request.method === 'POST' && origin !== undefined && origin !== `http://${host}`;
}

function plain(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${body}\n` };
}

const NOT_FOUND = plain(404, `UnionPay sandbox: POST ${PREFIX}…, POST / (files), /cashier/…`);

function script(body: string): Reply {
  const headers = {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  };
  return { status: 200, headers, body };
}

async function answerPage(
  { union, admin }: Parts,
  request: IncomingMessage,
  url: URL,
): Promise<Reply> {
  // A merchant's page sends the browser here by POST, so its origin is another one: the order
  // is believed for its signature. The name of this host is not its to choose.
  if (url.pathname === FRONT && request.method === 'POST') {
    return answerFront(union, await readBody(request));
  }
  if (isForeign(union, request)) return plain(403, 'foreign Host or Origin');
  const body = request.method === 'POST' ? await readBody(request) : '';
  if (url.pathname.startsWith('/__sandbox/')) {
    const { method = 'GET', headers } = request;
    return admin.answer({ method, url, body, headers });
  }
  if (url.pathname.startsWith('/cashier/')) {
    return (await answerCashier(union, request, url, body)) ?? NOT_FOUND;
  }
  if (url.pathname === '/cashier.js') return script(CASHIER_SCRIPT);
  return NOT_FOUND;
}

/** The gateway's file that a program calls; undefined when it is a page. */
function fileOf(request: IncomingMessage, path: string): string | undefined {
  if (request.method !== 'POST') return undefined;
  if (path === '/') return FILE_GATEWAY;
  const file = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : '';
  return API_FILES.includes(file) ? file : undefined;
}

async function answer(parts: Parts, request: IncomingMessage): Promise<Reply | WireReply> {
  if (request.method !== 'GET' && request.method !== 'POST') return plain(405, 'GET or POST');
  const target = request.url ?? '/';
  const path = target.split('?', 1)[0] ?? '/';
  const file = fileOf(request, path);
  if (file !== undefined) return parts.gateway.answer(file, await readBody(request));
  // A target such as `//` has no URL of its own; it is simply not a page.
  if (!URL.canParse(target, parts.union.url)) return NOT_FOUND;
  return answerPage(parts, request, new URL(target, parts.union.url));
}

function send(response: ServerResponse, reply: Reply, closing: boolean): void {
  const body = Buffer.from(reply.body, 'utf8');
  const connection = closing ? { connection: 'close' } : {};
  response.writeHead(reply.status, {
    ...reply.headers,
    'content-length': body.length,
    ...connection,
  });
  response.end(body);
}

function sendWire(response: ServerResponse, reply: WireReply): void {
  if (reply.kind === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const silent = reply.kind === 'silence';
  const wait = silent ? SILENCE_MS : reply.after_ms;
  const end = () => {
    if (silent) return response.destroy();
    if (!reply.cut) return send(response, reply, false);
    const body = Buffer.from(reply.body, 'utf8');
    response.writeHead(reply.status, { ...reply.headers, 'content-length': body.length });
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
    return undefined;
  };
  if (wait === 0) {
    end();
    return;
  }
  const timer = setTimeout(end, wait).unref();
  response.on('close', () => clearTimeout(timer));
}

function handle(parts: Parts, request: IncomingMessage, response: ServerResponse): void {
  answer(parts, request).then(
    (reply) => ('kind' in reply ? sendWire(response, reply) : send(response, reply, false)),
    (error: unknown) => {
      const large = error instanceof TooLarge;
      const message = `the body is larger than ${MAX_BODY_BYTES} bytes`;
      send(response, large ? plain(413, message) : plain(500, 'the sandbox broke'), true);
    },
  );
}

/** Listens; resolves with the server and the port it got. */
export function listen(union: UnionPay, admin: Admin): Promise<{ server: Server; port: number }> {
  const parts = { union, admin, gateway: new Gateway(union) };
  const server = createServer(
    {
      maxHeaderSize: 32_768,
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 65_000,
    },
    (request, response) => handle(parts, request, response),
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(union.options.port, union.options.host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ server, port });
    });
  });
}
