import { randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

/**
 * Who may use the sandboxes' own pages: the phone, and the developers' pages of each wallet. On
 * loopback: requests sent to a loopback name (so that a foreign name that was made to resolve to us
 * gets nothing) and, where something changes, by our own pages or by scripts. Off loopback: whoever
 * also has the token that was printed at the start.
 */
export interface GuardedRequest {
  readonly method: string;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What `?token=` says. */
  readonly token: string | undefined;
}

export interface Guard {
  /** Why the request is refused, in one sentence; undefined when it is not. */
  refuse(request: GuardedRequest): string | undefined;
  /** The cookie to set, when the request brought the token in its address. */
  cookie(request: GuardedRequest): string | undefined;
  /** Needed off loopback only. */
  readonly token: string | undefined;
}

export const TOKEN_COOKIE = 'hutong_phone';

export function isLoopbackName(name: string): boolean {
  const bare = name.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
}

const TOKEN_BYTES = 16;

/** The token to print when listening on `host`; undefined on loopback, which needs none. */
export function tokenFor(host: string): string | undefined {
  return isLoopbackName(host) ? undefined : randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Off loopback without a token one is made up: nobody gets in by calling itself loopback. */
export function createGuard(options: { host: string; token?: string | undefined }): Guard {
  const local = isLoopbackName(options.host);
  const token = local ? undefined : (options.token ?? tokenFor(options.host));
  return {
    token,
    refuse(request) {
      const host = request.headers['host'] ?? '';
      if (token === undefined && !isLoopbackName(nameOf(host))) {
        return 'The sandbox answers to loopback names only: use 127.0.0.1 or localhost.';
      }
      if (token !== undefined && !hasToken(request, token)) {
        return 'Off loopback the sandbox needs the token printed at the start: add ?token=…';
      }
      const changes = request.method !== 'GET' && request.method !== 'HEAD';
      if (changes && isForeign(request, host)) {
        return 'A page of another origin may not use the sandbox.';
      }
      return undefined;
    },
    cookie(request) {
      if (token === undefined || request.token !== token) return undefined;
      return `${TOKEN_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict`;
    },
  };
}

function nameOf(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
}

function isForeign({ headers }: GuardedRequest, host: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

function hasToken({ headers, token: asked }: GuardedRequest, token: string): boolean {
  const bearer = /^Bearer (\S+)$/.exec(headers['authorization'] ?? '')?.[1];
  const cookies = (headers['cookie'] ?? '').split(/;\s*/);
  const prefix = `${TOKEN_COOKIE}=`;
  const kept = cookies.find((text) => text.startsWith(prefix))?.slice(prefix.length);
  return [bearer, kept, asked].some((text) => text !== undefined && sameText(text, token));
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
