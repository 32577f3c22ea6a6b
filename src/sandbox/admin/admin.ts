import type { Hono } from 'hono';
import type { CoveredCall } from '../coverage.ts';
import { createGuard, type Guard, type GuardedRequest } from '../guard.ts';
import type { RequestLog } from '../requests.ts';
import type { SandboxWallet } from '../sandbox.ts';
import type { SandboxAction } from './actions.ts';
import { adminRoutes } from './routes.tsx';

/**
 * The developer's side of a wallet's sandbox, below `/__sandbox/` of its own port: the calls it
 * received with the verdict on each, what it covers, and the actions; pages for people, JSON for
 * scripts. Who may ask is decided here (`guard.ts`), whatever the server in front checks.
 */
export interface AdminRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  /** As they came. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AdminOptions {
  readonly wallet: SandboxWallet;
  readonly requests: RequestLog;
  readonly actions: readonly SandboxAction[];
  readonly coverage: readonly CoveredCall[];
  /** Where the sandbox listens; loopback when absent. */
  readonly host?: string;
  /** Opens the pages off loopback; without one they stay closed there. */
  readonly token?: string | undefined;
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST'];

export class Admin {
  readonly #guard: Guard;
  readonly #routes: Hono;

  constructor(options: AdminOptions) {
    this.#guard = createGuard({ host: options.host ?? '127.0.0.1', token: options.token });
    this.#routes = adminRoutes(options);
  }

  async answer(request: AdminRequest): Promise<AdminAnswer> {
    const headers = flat(request.headers);
    const token = request.url.searchParams.get('token') ?? undefined;
    const asked: GuardedRequest = { method: request.method, headers, token };
    const refused = this.#guard.refuse(asked);
    if (refused !== undefined) return plain(403, refused);
    // A Request cannot even be made of some of the others.
    if (!METHODS.includes(request.method)) return plain(405, 'GET or POST');
    const answer = await this.#routes.fetch(fetchable(request, headers));
    const cookie = this.#guard.cookie(asked);
    return {
      status: answer.status,
      headers: {
        ...Object.fromEntries(answer.headers),
        ...(cookie === undefined ? {} : { 'set-cookie': cookie }),
      },
      body: await answer.text(),
    };
  }
}

/** What was sent to any name reaches the routes under one. */
function fetchable(request: AdminRequest, headers: Record<string, string>): Request {
  const { method, url, body } = request;
  const dropped = ['connection', 'content-length', 'expect', 'keep-alive', 'transfer-encoding'];
  const kept = Object.entries(headers).filter(([name]) => !dropped.includes(name));
  const target = new URL(url.pathname + url.search, 'http://sandbox');
  const bare = method === 'GET' || method === 'HEAD';
  return new Request(target, {
    method,
    headers: Object.fromEntries(kept),
    ...(bare ? {} : { body }),
  });
}

function flat(headers: AdminRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(', ')]],
    ),
  );
}

function plain(status: number, message: string): AdminAnswer {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  return { status, headers, body: `${message}\n` };
}
