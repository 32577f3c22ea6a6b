import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { App } from '../app.ts';

/**
 * One browser's visit to one checkout: a random id in an HttpOnly cookie below `/c/<token>`.
 * Forms and the wallets' logins carry tokens that are derived from it, so that no other page can
 * make this browser choose a wallet, cancel, or pay with somebody else's login.
 */
export interface CheckoutSession {
  readonly id: string;
  readonly token: string;
}

const COOKIE = 'hutong_checkout';
const SESSION_BYTES = 16;
const SESSION_ID = /^[\w-]{22}$/;
const SESSION_S = 8 * 24 * 3_600;
const LOGIN_MS = 15 * 60_000;

function cookieOptions(app: App, path: string) {
  return {
    path,
    httpOnly: true,
    secure: app.public_url.startsWith('https:'),
    sameSite: 'Lax',
    maxAge: SESSION_S,
  } as const;
}

/** The session of this request; undefined when its cookie is missing or malformed. */
export function readSession(c: Context, token: string): CheckoutSession | undefined {
  const id = getCookie(c, COOKIE) ?? '';
  return SESSION_ID.test(id) ? { id, token } : undefined;
}

export function openSession(app: App, c: Context, token: string): CheckoutSession {
  const known = readSession(c, token);
  if (known) return known;
  const id = randomBytes(SESSION_BYTES).toString('base64url');
  setCookie(c, COOKIE, id, cookieOptions(app, `/c/${token}`));
  return { id, token };
}

export function formToken(app: App, session: CheckoutSession): string {
  return app.vault.token('checkout form', `${session.token} ${session.id}`);
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * True when the form was sent by a page of ours in this session. A page under `no-referrer` sends
 * `Origin: null`, so the origin can only speak against a request; the token speaks for it.
 */
export function isOwnForm(app: App, c: Context, session: CheckoutSession, token: string): boolean {
  const origin = c.req.header('origin');
  const site = c.req.header('sec-fetch-site');
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin !== undefined && origin !== 'null') {
    if (!URL.canParse(origin)) return false;
    const { host } = new URL(origin);
    if (host !== c.req.header('host') && host !== new URL(app.public_url).host) return false;
  }
  return sameText(token, formToken(app, session));
}

function loginMac(app: App, session: CheckoutSession, wallet: string, stamp: string): string {
  const subject = `${session.token} ${session.id} ${wallet} ${stamp}`;
  return Buffer.from(app.vault.token('checkout login', subject), 'base64url').toString('hex');
}

/** State for a wallet's login: letters and digits only, at most 128, as the wallets allow. */
export function loginState(app: App, session: CheckoutSession, wallet: string): string {
  const stamp = app.clock.real().getTime().toString(36);
  return `${loginMac(app, session, wallet, stamp)}${stamp}`;
}

/** True when this browser began this login, at this checkout, within the last 15 minutes. */
export function isOwnLogin(
  app: App,
  session: CheckoutSession,
  wallet: string,
  state: string,
): boolean {
  const parts = /^([0-9a-f]{32})([0-9a-z]{1,12})$/.exec(state);
  if (!parts) return false;
  const [, mac = '', stamp = ''] = parts;
  const age = app.clock.real().getTime() - Number.parseInt(stamp, 36);
  return age >= 0 && age <= LOGIN_MS && sameText(mac, loginMac(app, session, wallet, stamp));
}

const RETURN_COOKIE = 'hutong_return';

/**
 * Wallets send the payer back to an address that carries no token. This browser remembers, below
 * that very address only, which checkout it came from.
 */
export function rememberReturn(app: App, c: Context, paymentId: string, token: string): void {
  setCookie(c, RETURN_COOKIE, token, cookieOptions(app, `/c/return/${paymentId}`));
}

const TOKEN = /^[\w-]{24}$/;

export function rememberedReturn(c: Context): string | undefined {
  const token = getCookie(c, RETURN_COOKIE) ?? '';
  return TOKEN.test(token) ? token : undefined;
}
