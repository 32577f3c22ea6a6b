import type { FuzzRequest } from './exchange.ts';
import {
  type Dice,
  HOSTILE_TEXTS,
  hostileValue,
  jsonOf,
  mutated,
  sampleOf,
} from './fuzz-values.ts';
import { filledPath, type JsonSchema, type PublicRoute } from './public-routes.ts';

const safeText = (text: string) => encodeURIComponent(Buffer.from(text).toString('utf8'));

export function hostilePart(dice: Dice): string {
  const text = dice.pick(HOSTILE_TEXTS);
  const short = text.slice(0, dice.pick([8, 64, 3_000]));
  return dice.chance(0.3)
    ? dice.pick(['%', '%zz', '%ff%fe', '..%2f', '%00', ';a=b'])
    : safeText(short);
}

function hostileQuery(dice: Dice, names: readonly string[]): string {
  const count = dice.below(4);
  if (count === 0) return dice.chance(0.1) ? '?' : '';
  const pairs = Array.from({ length: count }, () => {
    const name = names[dice.below(names.length + 1)] ?? hostilePart(dice);
    return `${name}=${hostilePart(dice)}`;
  });
  return `?${pairs.join('&')}`;
}

const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  '',
] as const;

function hostileHeaders(dice: Dice): Record<string, string> {
  const weird = ['x'.repeat(3_000), '-1', 'a,b', '"', '\t', '\u00ff', '{}'] as const;
  const names = [
    'hutong-version',
    'idempotency-key',
    'accept',
    'accept-language',
    'cookie',
    'user-agent',
    'x-forwarded-for',
    'range',
    'if-none-match',
    'content-encoding',
    'origin',
  ] as const;
  const count = dice.below(3);
  return Object.fromEntries(
    Array.from({ length: count }, () => [dice.pick(names), dice.pick(weird)]),
  );
}

/** Bytes of a body: near a valid one, far from it, or no JSON at all. */
export function hostileBody(dice: Dice, schema: JsonSchema | undefined): Buffer {
  const near = () => jsonOf(mutated(dice, sampleOf(dice, schema ?? { type: 'object' })));
  switch (dice.below(10)) {
    case 0:
      return dice.bytes(dice.below(600));
    case 1: {
      const text = near();
      return Buffer.from(text.slice(0, dice.below(text.length + 1)));
    }
    case 2:
      return Buffer.from(jsonOf(hostileValue(dice)));
    case 3:
      return dice.chance(0.3) ? Buffer.alloc(70_000, '[') : Buffer.from('[{"a":'.repeat(4_000));
    case 4:
      return Buffer.from(jsonOf(sampleOf(dice, schema ?? { type: 'object' })));
    default:
      return Buffer.from(near());
  }
}

export interface Known {
  readonly keys: readonly [string, ...string[]];
  /** Ids that exist, so that handlers get further than a 404. */
  readonly ids: readonly [string, ...string[]];
}

/** A request to one of the API's own routes. */
export function apiRequest(dice: Dice, route: PublicRoute, known: Known, nth: number): FuzzRequest {
  const path = filledPath(route.path).replaceAll(/[a-z]+_[0-9A-Z]{28}/g, (made) => {
    const prefix = made.slice(0, 4);
    const existing = known.ids.find((id) => id.startsWith(prefix));
    return dice.chance(0.7) ? (existing ?? made) : dice.chance(0.5) ? made : hostilePart(dice);
  });
  const methods = ['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'HEAD'] as const;
  const method = dice.chance(0.85) ? route.method : dice.pick(methods);
  const body =
    method === 'GET' && dice.chance(0.8) ? Buffer.alloc(0) : hostileBody(dice, route.body);
  return {
    method,
    target: path + (dice.chance(0.3) ? hostileQuery(dice, route.query) : ''),
    headers: {
      'idempotency-key': dice.chance(0.2) ? `k-${dice.below(9)}` : `k-${nth}`,
      'content-type': dice.chance(0.85) ? 'application/json' : dice.pick(CONTENT_TYPES),
      authorization: `Bearer ${dice.pick(known.keys)}`,
      ...(dice.chance(0.3) ? hostileHeaders(dice) : {}),
    },
    body,
  };
}

/** A request to a page or form; `paths` are those that exist. */
export function pageRequest(dice: Dice, paths: readonly [string, ...string[]]): FuzzRequest {
  const path = dice.pick(paths);
  const target = dice.chance(0.75) ? path : `${path}/${hostilePart(dice)}`;
  const post = dice.chance(0.5);
  const fields = [
    'wallet',
    'state',
    'code',
    'person',
    'scan',
    'outcome',
    'csrf',
    'lang',
    'advance',
  ];
  const form = Array.from({ length: dice.below(4) }, () => {
    return `${fields[dice.below(fields.length)] ?? 'x'}=${hostilePart(dice)}`;
  }).join('&');
  const json = dice.chance(0.4);
  const body = json ? hostileBody(dice, undefined) : Buffer.from(form);
  return {
    method: post ? 'POST' : dice.pick(['GET', 'GET', 'HEAD', 'PUT', 'DELETE']),
    target: target + hostileQuery(dice, fields),
    headers: {
      'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
      ...(dice.chance(0.4) ? hostileHeaders(dice) : {}),
    },
    body: post ? body : Buffer.alloc(0),
  };
}

/** No HTTP, or hardly. */
export const RAW_REQUESTS: readonly (string | Buffer)[] = [
  '\r\n\r\n',
  'GET\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/9.9\r\nHost: a\r\n\r\n',
  'GET // HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET //[ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET /\\..\\ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET http://[ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET /docs HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
  'GET /docs HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n',
  'GET /docs HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /v1/payments HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
  'POST /v1/payments HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nContent-Length: 1\r\n\r\nx',
  'POST /v1/payments HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{"half":',
  'POST /v1/payments HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'POST /c/x/wallet HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
  'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n',
  'POST /notify/alipay/x HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nsign=',
  'POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
  `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${'b'.repeat(40_000)}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\n${'Y: 1\r\n'.repeat(3_000)}\r\n`,
  Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
];
