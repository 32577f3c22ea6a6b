import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Script } from './hostile.ts';

/** What a server may do to whoever calls it. */
export interface Trick {
  readonly name: string;
  readonly script: Script;
  /** Only the caller's own budget ends this one. */
  readonly endless?: true;
  readonly on_connect?: (socket: Socket) => void;
}

/** A whole answer of HTTP, its length stated unless the headers say something else. */
export function answer(
  body: Buffer | string,
  { status = 200, headers = '' }: { status?: number; headers?: string } = {},
): Buffer {
  const bytes = Buffer.from(body);
  const length = /content-length|transfer-encoding/i.test(headers)
    ? ''
    : `content-length: ${bytes.length}\r\n`;
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${length}${headers}\r\n`), bytes]);
}

const says =
  (bytes: Buffer | string): Script =>
  (socket) =>
    void socket.write(bytes);
const saysAndLeaves =
  (bytes: Buffer | string): Script =>
  (socket) =>
    void socket.end(bytes);

/** Keeps writing as long as anybody takes it. */
function pours(start: string, more: Buffer | string): Script {
  return (socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write(more)) if (socket.writableLength > 1e6) break;
    };
    socket.on('drain', pour);
    socket.write(start);
    pour();
  };
}

/** One byte now and then: never idle, never done. */
function drips(start: string, more: string): Script {
  return (socket) => {
    socket.write(start);
    const timer = setInterval(() => {
      if (socket.destroyed) clearInterval(timer);
      else socket.write(more);
    }, 40);
    socket.on('close', () => clearInterval(timer));
  };
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const CHUNK = `10000\r\n${'a'.repeat(65_536)}\r\n`;
const JSON_TYPE = 'content-type: application/json\r\n';

const BROKEN_HTTP: readonly Trick[] = [
  { name: 'never answers', endless: true, script: () => undefined },
  { name: 'hangs up', script: (socket) => socket.destroy() },
  { name: 'resets the connection after the request', script: (socket) => socket.resetAndDestroy() },
  {
    name: 'resets the connection at once',
    script: () => undefined,
    on_connect: (socket) => socket.resetAndDestroy(),
  },
  {
    name: 'speaks before it is asked',
    endless: true,
    script: () => undefined,
    on_connect: (socket) => socket.write(answer('{}')),
  },
  { name: 'stops in the status line', endless: true, script: says('HTTP/1.1 20') },
  { name: 'leaves in the headers', script: saysAndLeaves(`${OK}content-le`) },
  { name: 'leaves in the body', script: saysAndLeaves(`${OK}content-length: 90\r\n\r\n{"a":`) },
  {
    name: 'stops in the body',
    endless: true,
    script: says(`${OK}content-length: 90\r\n\r\n{"a":`),
  },
  { name: 'drips its headers', endless: true, script: drips(`${OK}x: `, 'y') },
  {
    name: 'drips its body',
    endless: true,
    script: drips(`${OK}content-length: 9000\r\n\r\n`, ' '),
  },
  { name: 'drips chunks', endless: true, script: drips(CHUNKED, '1\r\n \r\n') },
  { name: 'sends chunks without end', script: pours(CHUNKED, CHUNK) },
  { name: 'sends a body without length or end', script: pours(`${OK}\r\n`, 'a'.repeat(65_536)) },
  {
    name: 'announces a thousand terabytes',
    script: pours(`${OK}content-length: 1000000000000000\r\n\r\n`, 'a'.repeat(65_536)),
  },
  { name: 'sends headers without end', script: pours(OK, `x: ${'y'.repeat(1_000)}\r\n`) },
  { name: 'sends one endless header', script: pours(`${OK}x: `, 'y'.repeat(65_536)) },
  { name: 'is of HTTP 0.9', script: saysAndLeaves('{"trade_state":"SUCCESS"}') },
  { name: 'speaks TLS', script: saysAndLeaves(Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc])) },
  { name: 'has no status', script: saysAndLeaves('HTTP/1.1 abc OK\r\n\r\n') },
  { name: 'has a status of its own', script: saysAndLeaves('HTTP/1.1 999 OK\r\n\r\n{}') },
  { name: 'has a negative length', script: says(`${OK}content-length: -1\r\n\r\n{}`) },
  {
    name: 'has two lengths',
    script: says(`${OK}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`),
  },
  {
    name: 'has a length and chunks',
    script: says(
      `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ),
  },
  { name: 'has a chunk of no size', script: says(`${CHUNKED}zz\r\n{}\r\n0\r\n\r\n`) },
  { name: 'has an enormous chunk size', script: says(`${CHUNKED}${'f'.repeat(40)}\r\n{}`) },
  { name: 'folds a header', script: saysAndLeaves(`${OK}x: a\r\n\tb\r\nno colon\r\n\r\n{}`) },
  {
    name: 'switches protocols',
    script: says('HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
  },
  { name: 'switches to nothing', script: says('HTTP/1.1 101 X\r\n\r\n') },
  { name: 'says 100 for ever', endless: true, script: drips('', 'HTTP/1.1 100 Continue\r\n\r\n') },
  {
    name: 'says 103 a thousand times',
    endless: true,
    script: says('HTTP/1.1 103 X\r\nlink: a\r\n\r\n'.repeat(1_000)),
  },
  { name: 'answers nothing at all', script: says(answer('')) },
  { name: 'answers 204', script: says('HTTP/1.1 204 X\r\n\r\n') },
  { name: 'answers 304', script: says('HTTP/1.1 304 X\r\n\r\n') },
  { name: 'answers 418', script: says(answer('short and stout', { status: 418 })) },
  {
    name: 'answers 503 for a year',
    script: says(answer('', { status: 503, headers: 'retry-after: 31536000\r\n' })),
  },
];

const PAID = JSON.stringify({
  trade_state: 'SUCCESS',
  alipay_trade_query_response: { code: '10000', trade_status: 'TRADE_SUCCESS' },
  respCode: '00',
});

const huge = (name: string, value: string) => `${name}: ${value}\r\n`;

/** Well-formed HTTP with contents that nobody signed. */
const BROKEN_CONTENT: readonly Trick[] = [
  { name: 'is unsigned', script: says(answer(PAID, { headers: JSON_TYPE })) },
  {
    name: 'is packed though nobody asked',
    script: says(answer(gzipSync(PAID), { headers: `${JSON_TYPE}content-encoding: gzip\r\n` })),
  },
  {
    name: 'is a bomb',
    script: says(answer(gzipSync(Buffer.alloc(64e6)), { headers: 'content-encoding: gzip\r\n' })),
  },
  {
    name: 'is a page',
    script: says(answer('<html><h1>OK', { headers: 'content-type: text/html\r\n' })),
  },
  { name: 'is nested without end', script: says(answer('['.repeat(250_000))) },
  { name: 'is an object in an object', script: says(answer('{"a":'.repeat(50_000))) },
  {
    name: 'says things twice',
    script: says(answer('{"code":"10000","code":"40004","respCode":"00"}')),
  },
  { name: 'is a list', script: says(answer('[{}]', { headers: JSON_TYPE })) },
  { name: 'is null', script: says(answer('null')) },
  { name: 'is a number', script: says(answer('1e999')) },
  {
    name: 'names a prototype',
    script: says(answer('{"__proto__":{"code":"10000"},"constructor":1}')),
  },
  { name: 'is UTF-16', script: says(answer(Buffer.from(PAID, 'utf16le'))) },
  { name: 'is noise', script: says(answer(Buffer.alloc(9_000, 0xff))) },
  { name: 'is one long string', script: says(answer(`"${'茶'.repeat(80_000)}"`)) },
  { name: 'is larger than any answer', script: says(answer(Buffer.alloc(3_000_000, 'a=1&'))) },
  {
    name: 'is a form of many fields',
    script: says(answer(Array.from({ length: 9_000 }, (_, nth) => `f${nth}=1`).join('&'))),
  },
  {
    name: 'is signed by a path',
    script: says(answer(PAID, { headers: signed('../../../etc/passwd', 'QUJD') })),
  },
  {
    name: 'is signed by nobody',
    script: says(answer(PAID, { headers: signed('A'.repeat(40), 'QUJD') })),
  },
  {
    name: 'is signed by a serial of ten thousand',
    script: says(answer(PAID, { headers: signed('F'.repeat(10_000), 'QUJD') })),
  },
  {
    name: 'has an endless signature',
    script: says(answer(PAID, { headers: signed('ABCDEF0123456789', 'A'.repeat(12_000)) })),
  },
  {
    name: 'is signed twice',
    script: says(answer(PAID, { headers: signed('AB', 'QUJD') + signed('CD', 'QUJD') })),
  },
];

function signed(serial: string, signature: string): string {
  const now = Math.floor(Date.now() / 1000).toString();
  return [
    huge('wechatpay-serial', serial),
    huge('wechatpay-signature', signature),
    huge('wechatpay-timestamp', now),
    huge('wechatpay-nonce', 'n'),
    huge('douyinpay-serial', serial),
    huge('douyinpay-signature', signature),
    huge('douyinpay-timestamp', now),
    huge('douyinpay-nonce', 'n'),
    huge('alipay-sn', serial),
    huge('alipay-signature', signature),
    huge('alipay-timestamp', `${Date.now()}`),
    huge('alipay-nonce', 'n'),
  ].join('');
}

export const TRICKS: readonly Trick[] = [...BROKEN_HTTP, ...BROKEN_CONTENT];
