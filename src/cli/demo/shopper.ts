import type { WalletName } from '../../wallets/wallet.ts';

/**
 * A shopper without a browser: follows redirects with cookies, submits the checkout's form inside a
 * wallet's own browser, and uses the sandbox phone. It knows only public pages and APIs.
 */
const USER_AGENTS: Partial<Record<WalletName, string>> = {
  wechat_pay: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50',
  alipay: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AlipayClient/10.6.50',
  union_pay: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) UnionPay/1.0 CloudPay',
};
const MAX_REDIRECTS = 10;
const TIMEOUT_MS = 20_000;

export class Phone {
  readonly #url: string;
  constructor(url: string) {
    this.#url = url;
  }

  async call<T>(path: string, body?: unknown): Promise<T> {
    const root = new URL(this.#url);
    const url = new URL(path, root);
    const token = root.searchParams.get('token');
    if (token !== null) url.searchParams.set('token', token);
    const answer = await fetch(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the phone says ${answer.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }

  /** Scans a code, or opens a link, and pays. */
  async pay(person: string, wallet: WalletName, code: string): Promise<void> {
    const scan = await this.call<{ id: string }>('/api/scan', { person, wallet, code });
    await this.call('/api/confirm', { scan: scan.id, outcome: 'pay' });
  }
}

/** Chooses the wallet on the checkout inside that wallet's browser, logged in as `person`. */
export async function chooseInsideWallet(
  checkoutUrl: string,
  wallet: WalletName,
  person: string,
): Promise<void> {
  const browser = new Browser(USER_AGENTS[wallet] ?? '', { hutong_person: person });
  const page = await browser.open(checkoutUrl);
  const fields = hiddenFields(page.text);
  await browser.open(`${checkoutUrl}/wallet`, new URLSearchParams({ ...fields, wallet }), page.url);
}

/** The hidden inputs of the page's forms, as the browser would send them back. */
function hiddenFields(html: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [input] of html.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    const value = /value="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined && value !== undefined) fields[name] = value;
  }
  return fields;
}

class Browser {
  readonly #userAgent: string;
  /** Cookies by host and port; the person's own cookie goes everywhere, as on one phone. */
  readonly #jars = new Map<string, Map<string, string>>();
  readonly #everywhere: Readonly<Record<string, string>>;

  constructor(userAgent: string, everywhere: Readonly<Record<string, string>>) {
    this.#userAgent = userAgent;
    this.#everywhere = everywhere;
  }

  async open(
    start: string,
    form?: URLSearchParams,
    from?: string,
  ): Promise<{ url: string; text: string }> {
    let url = new URL(start);
    let body = form;
    for (let hop = 0; hop < MAX_REDIRECTS; hop += 1) {
      const answer = await fetch(url, {
        method: body ? 'POST' : 'GET',
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          'user-agent': this.#userAgent,
          cookie: this.#cookies(url),
          ...(body && from ? { origin: new URL(from).origin } : {}),
        },
        ...(body ? { body } : {}),
      });
      this.#remember(url, answer.headers.getSetCookie());
      const location = answer.headers.get('location');
      if (location === null) {
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${url.pathname} says ${answer.status}`);
        return { url: url.toString(), text };
      }
      url = new URL(location, url);
      body = undefined;
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from ${start}`);
  }

  #cookies(url: URL): string {
    const jar = this.#jars.get(url.host) ?? new Map<string, string>();
    return [...Object.entries(this.#everywhere), ...jar].map(([k, v]) => `${k}=${v}`).join('; ');
  }

  #remember(url: URL, lines: readonly string[]): void {
    const jar = this.#jars.get(url.host) ?? new Map<string, string>();
    this.#jars.set(url.host, jar);
    for (const line of lines) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      if (at > 0) jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}
