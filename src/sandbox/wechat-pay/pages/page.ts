import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import type { Admin } from '../../admin/admin.ts';
import type { SandboxContext } from '../context.ts';
import type { Payer } from '../payer.ts';
import { escapeHtml, type Language, renderPage } from './layout.ts';
import { OauthCodes } from './oauth-codes.ts';

/** Pages and small calls around the API: h5 cashier, OAuth, in-page bridge, developers' view. */
export class Pages {
  readonly context: SandboxContext;
  readonly payer: Payer;
  readonly admin: Admin;
  readonly codes: OauthCodes;

  constructor(context: SandboxContext, payer: Payer, admin: Admin) {
    this.context = context;
    this.payer = payer;
    this.admin = admin;
    this.codes = new OauthCodes(() => context.clock.real(), context.random);
  }
}

export interface PageRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly language: Language;
  readonly origin: string | undefined;
  /** Host and port the request was sent to. */
  readonly host: string;
  /** Whom the phone says to be: `?person=` or the cookie `hutong_person`. */
  readonly person: string | undefined;
}

export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function isLoopbackName(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1') return true;
  return isIP(bare) === 4 && bare.startsWith('127.');
}

/** True unless a page of another origin sent the request. */
export function isSameOrigin(page: PageRequest): boolean {
  if (page.origin === undefined) return true;
  return URL.canParse(page.origin) && new URL(page.origin).host === page.host;
}

export function plain(status: number, message: string): PageAnswer {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };
  return { status, headers, body: `${message}\n` };
}

export function json(status: number, content: object): PageAnswer {
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
  return { status, headers, body: JSON.stringify(content) };
}

export function redirect(status: 302 | 303, location: URL): PageAnswer {
  const headers = { Location: location.href, 'Cache-Control': 'no-store' };
  return { status, headers, body: '' };
}

export function failure(language: Language, status: number, message: string): PageAnswer {
  const content = `<p class="card" role="alert">${escapeHtml(message)}</p>`;
  return { status, ...renderPage({ language, title: '微信支付 WeChat Pay', content }) };
}
