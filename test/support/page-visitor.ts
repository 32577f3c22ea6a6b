import type { Hono } from 'hono';
import type { PageEnv } from '../../src/http/request.ts';

export const AGENTS = {
  desktop: 'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 Chrome/147.0.0.0 Safari/537.36',
  phone:
    'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/147.0.0.0 Mobile Safari/537.36',
  wechat:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN',
  alipay:
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Mobile Safari/537.36 AliApp(AP/10.6.0) AlipayClient/10.6.0 Language/en',
  unionpay:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 (com.unionpay.chsp) (UnionPay/1.0 CloudPay) (clientVersion 198)',
} as const;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Where a redirect leads; empty when it is none. */
  readonly location: string;
}

/** A browser without a screen: keeps cookies, sends forms as browsers do, follows nothing. */
export class Visitor {
  readonly #pages: Hono<PageEnv>;
  readonly #headers: Record<string, string>;
  readonly #cookies = new Map<string, string>();

  constructor(pages: Hono<PageEnv>, agent: keyof typeof AGENTS = 'desktop', language = 'en') {
    this.#pages = pages;
    this.#headers = { 'user-agent': AGENTS[agent], 'accept-language': language };
  }

  get(path: string): Promise<Answer> {
    return this.#send(path, {});
  }

  /** Under `no-referrer` a browser's own form says `Origin: null`. */
  post(
    path: string,
    form: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const body = new URLSearchParams(form).toString();
    return this.#send(path, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
        origin: 'null',
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
    });
  }

  async #send(path: string, init: RequestInit): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#pages.request(path, {
      ...init,
      headers: {
        host: 'localhost',
        ...this.#headers,
        cookie,
        ...Object.fromEntries(new Headers(init.headers)),
      },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      this.#cookies.set(name, value);
    }
    const { status, headers } = answer;
    return { status, headers, body: await answer.text(), location: headers.get('location') ?? '' };
  }
}

/** The token in the page's forms. */
export function csrfOf(page: Answer): string {
  return /name="csrf" value="([^"]*)"/.exec(page.body)?.[1] ?? '';
}
