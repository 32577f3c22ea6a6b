import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { exchange, type FuzzAnswer, rawExchange } from './exchange.ts';
import { RAW_REQUESTS } from './fuzz-requests.ts';
import { heldBeyond, settledHeap } from './wire/memory.ts';
import { startWire, WIRE_WALLETS, type Wire, type WireWallet } from './wire/rig.ts';

/** Each sandbox's port against HTTP that lies, and against pages of other sites. */
const wires = new Map<WireWallet, Wire>();
const MEGABYTE = 1024 * 1024;

beforeAll(async () => {
  for (const name of WIRE_WALLETS) wires.set(name, await startWire(name));
});

function urlOf(name: WireWallet): string {
  return wires.get(name)?.sandbox.url ?? '';
}

const API: Readonly<Record<WireWallet, string>> = {
  wechat_pay: '/v3/pay/transactions/native',
  alipay: '/gateway.do',
  union_pay: '/gateway/api/backTransReq.do',
  douyin_pay: '/v1/trade/transactions/native',
};

/** Pages for a payer's browser; those that exist, and forms that would change something. */
const PAGES: Readonly<Record<WireWallet, readonly string[]>> = {
  wechat_pay: [
    '/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=x&package=1',
    '/connect/oauth2/authorize?appid=x&redirect_uri=http%3A%2F%2F127.0.0.1%2F&state=1',
    '/bridge.js',
    '/bridge/pay',
    '/sign/x',
    '/nothing',
  ],
  alipay: [
    '/oauth2/publicAppAuthorize.htm?app_id=x&scope=auth_base&redirect_uri=http%3A%2F%2F127.0.0.1%2F',
    '/sheet/x',
    '/cashier/x',
    '/merge/x',
    '/bridge.js',
    '/cashier.js',
    '/sheet.js',
  ],
  union_pay: ['/cashier/x', '/cashier.js'],
  douyin_pay: ['/cashier/qr?token=x', '/cashier/h5?token=x'],
};

const DESK = [
  '/',
  '/requests',
  '/requests/1',
  '/actions',
  '/coverage',
  '/do',
  '/covers',
  '/call/1',
].map((path) => `/__sandbox${path}`);

function ask(
  name: WireWallet,
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body = '',
) {
  return exchange(urlOf(name), { method, target, headers, body: Buffer.from(body) }).catch(
    (error: unknown): FuzzAnswer => ({
      status: 0,
      type: '',
      request_id: undefined,
      text: String(error),
    }),
  );
}

const FOREIGN_HOSTS = (port: string) => [
  'evil.example',
  `evil.example:${port}`,
  `127.0.0.1.evil.example:${port}`,
  `localhost.evil.example:${port}`,
  `evillocalhost:${port}`,
  `127.0.0.1@evil.example:${port}`,
  `evil.example#127.0.0.1:${port}`,
  `192.168.0.1:${port}`,
  `128.0.0.1:${port}`,
  `[2001:db8::1]:${port}`,
  `[::ffff:10.0.0.1]:${port}`,
  'a b',
  '[::1',
  '%00',
  '..',
];

describe.each(WIRE_WALLETS)('the port of %s', (name) => {
  test('answers what is hardly HTTP with 4xx, or not at all', async () => {
    const { pathname } = new URL(API[name], 'http://x');
    const own = [
      `POST ${pathname} HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n{"half":`,
      `POST ${pathname} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\nabc`,
      `POST ${pathname} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      `POST ${pathname} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\nabcd`,
      `POST ${pathname} HTTP/1.1\r\nHost: a\r\nContent-Length : 4\r\n\r\nabcd`,
      `POST ${pathname} HTTP/1.1\r\nHost: a\r\nContent-Length: 0x4\r\n\r\nabcd`,
      `POST ${pathname} HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabcd`,
      `GET ${pathname} HTTP/1.0\r\n\r\n`,
      `get ${pathname} HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET ${pathname}\u0000 HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET ${pathname} HTTP/1.1\nHost: a\nConnection: close\n\n`,
      `GET ${pathname} HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n`,
    ];
    for (const bytes of [...RAW_REQUESTS, ...own]) {
      const said = await rawExchange(urlOf(name), bytes);
      // The gateways of Alipay and UnionPay say no with 200.
      expect(said, JSON.stringify(bytes.toString().slice(0, 90))).toMatch(
        /^$|^HTTP\/1\.1 [1-4]\d\d /,
      );
    }
  });

  test('answers many requests on one connection one by one', async () => {
    const [path = ''] = API[name].split('?');
    const one = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}`;
    const last = `GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
    const said = await keptOpen(urlOf(name), one.repeat(150) + last);
    expect(said.match(/HTTP\/1\.1 [2-4]\d\d /g)?.length).toBe(151);
  });

  test('refuses long headers and long bodies, and keeps none of them', async () => {
    const { status } = await ask(name, 'GET', '/', { 'x-long': 'a'.repeat(40_000) });
    expect([431, 400]).toContain(status);
    const before = await settledHeap();
    for (const target of [API[name], '/__sandbox/actions/x', PAGES[name][0] ?? '/']) {
      const body = 'a'.repeat(400_000);
      expect([413, 0], target).toContain((await ask(name, 'POST', target, {}, body)).status);
      for (let nth = 0; nth < 4; nth += 1) await pour(urlOf(name), target, 12 * MEGABYTE);
    }
    expect(await heldBeyond(before, 16 * MEGABYTE)).toBeLessThan(16 * MEGABYTE);
  });

  test('serves its pages and its desk to no other name', async () => {
    const { port } = new URL(urlOf(name));
    const wrong: string[] = [];
    for (const host of FOREIGN_HOSTS(port)) {
      for (const target of [...PAGES[name], ...DESK]) {
        const { status } = await ask(name, 'GET', target, { host });
        if (status !== 403 && status !== 400) wrong.push(`${host} GET ${target}: ${status}`);
      }
      const acted = await ask(
        name,
        'POST',
        '/__sandbox/actions/certificates/rotate',
        { host },
        '{}',
      );
      if (acted.status !== 403 && acted.status !== 400) wrong.push(`${host}: ${acted.status}`);
    }
    expect(wrong).toEqual([]);
  });

  test('lets no page of another site change anything', async () => {
    const { host } = new URL(urlOf(name));
    const action = wires.get(name)?.sandbox.actions[0]?.name ?? '';
    const targets = [
      ...PAGES[name].filter((path) => !path.endsWith('.js')),
      `/__sandbox/actions/${action}`,
      `/__sandbox/do/${action}`,
    ];
    const origins = [
      'https://evil.example',
      'null',
      `http://${host}.evil.example`,
      'file://',
      'chrome-extension://x',
    ];
    const wrong: string[] = [];
    for (const target of targets) {
      for (const origin of origins) {
        const { status } = await ask(
          name,
          'POST',
          target,
          { host, origin },
          'person=lin&outcome=pay',
        );
        // What is not there cannot be changed either.
        if (status !== 403 && status !== 404) wrong.push(`${origin} POST ${target}: ${status}`);
      }
    }
    for (const site of ['cross-site', 'same-site']) {
      const { status } = await ask(
        name,
        'POST',
        `/__sandbox/actions/${action}`,
        { host, 'sec-fetch-site': site },
        '{}',
      );
      if (status !== 403) wrong.push(`${site}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  test('answers every method everywhere', async () => {
    const methods = [
      'HEAD',
      'OPTIONS',
      'PUT',
      'DELETE',
      'PATCH',
      'TRACE',
      'PROPFIND',
      'LOCK',
      'PURGE',
      'M-SEARCH',
      'QUERY',
      'SEARCH',
    ];
    const wrong: string[] = [];
    for (const method of methods) {
      for (const target of [API[name], ...PAGES[name], ...DESK, '/', '//', '/%zz', '*']) {
        const answer = await ask(name, method, target);
        if (answer.status < 200 || answer.status >= 500)
          wrong.push(`${method} ${target}: ${answer.status} ${answer.text}`);
        if (method === 'TRACE' && /x-trace-me/.test(answer.text)) wrong.push('TRACE tells');
      }
    }
    expect(wrong).toEqual([]);
  });

  test('has no file outside its own', async () => {
    const climbs = [
      '../../../../etc/passwd',
      '..%2f..%2f..%2fetc%2fpasswd',
      '%2e%2e/%2e%2e/etc/passwd',
      '..\\..\\etc\\passwd',
      '..%5c..%5cetc%5cpasswd',
      '%00/etc/passwd',
      '....//....//etc/passwd',
      '..;/..;/etc/passwd',
      '%252e%252e%252fetc%252fpasswd',
      '/etc/passwd',
      'package.json',
      '.env',
    ];
    for (const start of [
      '/',
      '/__sandbox/',
      '/__sandbox/assets/',
      '/assets/',
      '/cashier/',
      '/bridge/',
      '/__sandbox/do/',
      '/v3/bill/downloadurl?token=',
      '/billdownload?f=',
    ]) {
      for (const climb of climbs) {
        const said = await rawExchange(
          urlOf(name),
          `GET ${start}${climb} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
        );
        // A page of Douyin Pay that knows no such code says so to people.
        const expected = start === '/cashier/' ? /^HTTP\/1\.1 [234]\d\d / : /^HTTP\/1\.1 [34]\d\d /;
        expect(said, start + climb).toMatch(expected);
        expect(said).not.toMatch(/root:x:|"dependencies"/);
      }
    }
  });
});

/** Writes all at once and hears until the server closes; this side stays open. */
function keptOpen(root: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(root);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let said = '';
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(said));
    socket.write(bytes);
  });
}

/** Sends this many bytes of a chunked body, or as many as are taken. */
function pour(root: string, target: string, bytes: number): Promise<void> {
  const { hostname, port } = new URL(root);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`;
    let left = bytes;
    const more = () => {
      while (left > 0 && !socket.destroyed) {
        left -= 65_536;
        if (!socket.write(chunk)) return;
      }
      if (left <= 0) socket.end('0\r\n\r\n');
    };
    socket.on('drain', more);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve());
    socket.on('data', () => undefined);
    socket.write(
      `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      more,
    );
  });
}
