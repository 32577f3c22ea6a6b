import { timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';

/**
 * Who may use the phone. On loopback: requests sent to a loopback name (so that a foreign name
 * that was made to resolve to us gets nothing) and, where something changes, by our own pages or
 * by scripts. Off loopback: whoever also has the token that was printed at the start.
 */
export interface Guard {
  /** Why the request is refused, in one sentence; undefined when it is not. */
  refuse(c: Context): string | undefined;
  /** Needed off loopback only. */
  readonly token: string | undefined;
}

export const TOKEN_COOKIE = 'hutong_phone';

export function isLoopbackName(name: string): boolean {
  const bare = name.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
}

export function createGuard(options: { host: string; token: string }): Guard {
  const local = isLoopbackName(options.host);
  return {
    token: local ? undefined : options.token,
    refuse(c) {
      const host = c.req.header('host') ?? '';
      if (local && !isLoopbackName(nameOf(host))) {
        return 'The sandbox phone answers to loopback names only: use 127.0.0.1 or localhost.';
      }
      if (!local && !hasToken(c, options.token)) {
        return 'Off loopback the sandbox phone needs the token printed at the start: add ?token=…';
      }
      const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD';
      if (changes && isForeign(c, host)) {
        return 'A page of another origin may not use the sandbox phone.';
      }
      return undefined;
    },
  };
}

function nameOf(host: string): string {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '';
}

function isForeign(c: Context, host: string): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const origin = c.req.header('origin');
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

function hasToken(c: Context, token: string): boolean {
  const bearer = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1];
  const given = [bearer, getCookie(c, TOKEN_COOKIE), c.req.query('token')];
  return given.some((text) => text !== undefined && sameText(text, token));
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
