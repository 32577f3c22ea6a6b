import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Admin } from '../admin/admin.ts';
import { html, languageOf, type Reply } from '../html.ts';
import { chooser, rememberPerson } from '../payer-pages.ts';
import type { Answered, Incoming } from './api/passage.ts';
import { carry, isApi } from './api/wire.ts';
import { answerLink, BILL_PATH, type LinkReply } from './bills/links.ts';
import type { Alipay } from './books.ts';
import { authorize, readAuthorize } from './login.ts';
import { answerSheet, bridgeScript, SHEET_SCRIPT } from './pages/bridge.ts';
import { answerCashier, CASHIER_SCRIPT } from './pages/cashier.ts';
import { messagePage, page } from './pages/html.ts';
import { answerMerge } from './pages/merge.ts';
import { peopleOf, personAt } from './pages/people.ts';

/** The sandbox's own port: the gateway for programs, pages for the payer's browser. */
const MAX_BODY_BYTES = 65_536;
/** A little above the 10 MB that a picture may have. */
const MAX_UPLOAD_BYTES = 11 * 1024 * 1024;
const SILENCE_MS = 60_000;
const LOGIN_PATH = '/oauth2/publicAppAuthorize.htm';
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const WILDCARD = ['0.0.0.0', '::'];

class TooLarge extends Error {}

interface Parts {
  readonly alipay: Alipay;
  readonly admin: Admin;
}

function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) reject(new TooLarge());
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  return (await readBytes(request, MAX_BODY_BYTES)).toString('utf8');
}

/** Pages are for this machine's browser only: a foreign name or origin is a rebinding attempt. */
function isForeign(alipay: Alipay, request: IncomingMessage): boolean {
  if (WILDCARD.includes(alipay.options.host)) return false;
  const host = request.headers.host ?? '';
  const name = host.replace(/:\d+$/, '');
  if (!LOOPBACK.includes(name) && name !== alipay.options.host) return true;
  const origin = request.headers.origin;
  return request.method === 'POST' && origin !== undefined && origin !== `http://${host}`;
}

async function login(
  alipay: Alipay,
  request: IncomingMessage,
  url: URL,
  body: string,
): Promise<Reply> {
  const language = languageOf(request.headers['accept-language']);
  const wanted = readAuthorize(alipay, url.searchParams);
  if (typeof wanted === 'string') return messagePage(language, wanted, 400);
  const chosen =
    request.method === 'POST' ? (new URLSearchParams(body).get('person') ?? '') : undefined;
  const buyer =
    chosen === undefined ? personAt(alipay, request, url.searchParams) : alipay.buyers.get(chosen);
  if (buyer) {
    const location = await authorize(alipay, wanted, buyer.person.id);
    return { status: 303, headers: { location, ...rememberPerson(buyer.person) }, body: '' };
  }
  const title = language === 'zh' ? '登录支付宝' : 'Log in to Alipay';
  const main = html`<p class="badge">支付宝 · Alipay</p><h1>${title}</h1>
${chooser(peopleOf(alipay), `${url.pathname}${url.search}`, language)}`;
  return page({ title, language, main });
}

function script(body: string): Reply {
  const headers = {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  };
  return { status: 200, headers, body };
}

const NOT_FOUND: Reply = {
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'Alipay sandbox: /gateway.do, /oauth2/publicAppAuthorize.htm, /cashier/…, /bridge.js\n',
};

function refusal(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${body}\n` };
}

async function answerPage(
  { alipay, admin }: Parts,
  request: IncomingMessage,
  url: URL,
): Promise<Reply> {
  if (url.pathname.startsWith('/__sandbox/')) {
    const { method = 'GET', headers } = request;
    return admin.answer({ method, url, body: await readBody(request), headers });
  }
  if (isForeign(alipay, request)) return refusal(403, 'foreign Host or Origin');
  const body = request.method === 'POST' ? await readBody(request) : '';
  if (url.pathname === LOGIN_PATH) return login(alipay, request, url, body);
  if (url.pathname.startsWith('/sheet/')) return answerSheet(alipay, request, url, body);
  if (url.pathname.startsWith('/cashier/')) {
    return (await answerCashier(alipay, request, url, body)) ?? NOT_FOUND;
  }
  if (url.pathname.startsWith('/merge/')) {
    return (await answerMerge(alipay, request, url, body)) ?? NOT_FOUND;
  }
  if (url.pathname === '/bridge.js') return script(bridgeScript(alipay.url));
  if (url.pathname === '/cashier.js') return script(CASHIER_SCRIPT);
  if (url.pathname === '/sheet.js') return script(SHEET_SCRIPT);
  return NOT_FOUND;
}

async function answer(parts: Parts, request: IncomingMessage): Promise<LinkReply> {
  const { alipay } = parts;
  if (request.method !== 'GET' && request.method !== 'POST') return refusal(405, 'GET or POST');
  const target = request.url ?? '/';
  // A target such as `//` has no URL of its own; it is simply not a page.
  if (!URL.canParse(target, alipay.url)) return NOT_FOUND;
  const url = new URL(target, alipay.url);
  if (url.pathname === BILL_PATH) return answerLink(alipay.bill_links, url);
  return answerPage(parts, request, url);
}

/** The old way to ask whether a notification is genuine. */
function notifyVerify(alipay: Alipay, target: string): Reply {
  const query = new URLSearchParams(target.slice(target.indexOf('?') + 1));
  const { real } = alipay.options.clock;
  const notify_id = query.get('notify_id') ?? '';
  const partner = query.get('partner') ?? '';
  const genuine = alipay.sent_notices.isGenuine(notify_id, partner, real());
  return { status: 200, headers: { 'content-type': 'text/html' }, body: String(genuine) };
}

function isNotifyVerify(target: string): boolean {
  return /^\/gateway\.do\?(.*&)?service=notify_verify(&|$)/.test(target);
}

async function callOf(request: IncomingMessage, target: string): Promise<Incoming> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const uploads = /^multipart\/form-data/i.test(headers['content-type'] ?? '');
  const body = await readBytes(request, uploads ? MAX_UPLOAD_BYTES : MAX_BODY_BYTES);
  return { verb: request.method ?? 'GET', target, headers, body };
}

async function serveApi(
  alipay: Alipay,
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
): Promise<void> {
  const departure = await carry(alipay, await callOf(request, target));
  switch (departure.kind) {
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'silence':
      return hold(response);
    case 'cut':
      return cut(response, departure.answered);
    case 'reply': {
      const { answered, delay_ms } = departure;
      if (delay_ms > 0) await new Promise((resolve) => setTimeout(resolve, delay_ms).unref());
      return send(response, answered, false);
    }
    default:
      return departure satisfies never;
  }
}

function hold(response: ServerResponse): void {
  const timer = setTimeout(() => response.destroy(), SILENCE_MS).unref();
  response.on('close', () => clearTimeout(timer));
}

/** Half of what was announced, then nothing more. */
function cut(response: ServerResponse, { status, headers, body }: Answered): void {
  response.writeHead(status, { ...headers, 'content-length': body.length + 1 });
  response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.destroy());
}

function send(response: ServerResponse, reply: LinkReply, closing: boolean): void {
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  const connection = closing ? { connection: 'close' } : {};
  response.writeHead(reply.status, {
    ...reply.headers,
    'content-length': body.length,
    ...connection,
  });
  response.end(body);
}

function serve(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = request.url ?? '/';
  if (isNotifyVerify(target)) {
    send(response, notifyVerify(parts.alipay, target), false);
    return Promise.resolve();
  }
  const isOdd = request.method !== 'GET' && request.method !== 'POST';
  if (isApi(target) && !(isOdd && target.startsWith('/gateway.do')))
    return serveApi(parts.alipay, request, response, target);
  return answer(parts, request).then((reply) => send(response, reply, false));
}

function handle(parts: Parts, request: IncomingMessage, response: ServerResponse): void {
  serve(parts, request, response).catch((error: unknown) => {
    if (error instanceof TooLarge) {
      send(response, refusal(413, `the body is larger than ${MAX_BODY_BYTES} bytes`), true);
    } else {
      send(response, refusal(500, 'the sandbox broke'), true);
    }
  });
}

/** Listens; resolves with the server and the port it got. */
export function listen(alipay: Alipay, admin: Admin): Promise<{ server: Server; port: number }> {
  const server = createServer(
    {
      maxHeaderSize: 32_768,
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 65_000,
    },
    (request, response) => handle({ alipay, admin }, request, response),
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(alipay.options.port, alipay.options.host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ server, port });
    });
  });
}
