import http, { type ServerOptions } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWire, WIRE_WALLETS, type Wire, type WireWallet } from './wire/rig.ts';

/**
 * Clients that send a byte now and then. The limits are those each sandbox sets itself, run fifty
 * times as fast.
 */
const FASTER = 50;
const CHECK_MS = 20;
const genuine = http.createServer;
const limits = new Map<WireWallet, ServerOptions>();
const wires = new Map<WireWallet, Wire>();

beforeAll(async () => {
  for (const name of WIRE_WALLETS) {
    const hurried = (options: ServerOptions | undefined, listener: http.RequestListener) => {
      if (!options || typeof options === 'function') return genuine(options ?? listener);
      limits.set(name, options);
      const { requestTimeout = 300_000 } = options;
      const { headersTimeout = Math.min(60_000, requestTimeout) } = options;
      const times = {
        requestTimeout: requestTimeout / FASTER,
        headersTimeout: headersTimeout / FASTER,
        connectionsCheckingInterval: CHECK_MS,
      };
      return genuine({ ...options, ...times }, listener);
    };
    Object.assign(http, { createServer: hurried });
    syncBuiltinESMExports();
    wires.set(name, await startWire(name));
  }
});
afterAll(() => {
  Object.assign(http, { createServer: genuine });
  syncBuiltinESMExports();
});

interface Ended {
  readonly said: string;
  readonly after_ms: number;
}

/** Sends the start, then one byte each few milliseconds, until the other side has had enough. */
function drip(root: string, start: string, drop: string): Promise<Ended> {
  const { hostname, port } = new URL(root);
  const started = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let said = '';
    const timer = drop === '' ? undefined : setInterval(() => socket.write(drop), 15);
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ said, after_ms: performance.now() - started });
    });
    if (start !== '') socket.write(start);
  });
}

const TARGETS = {
  wechat_pay: ['/v3/pay/transactions/native', '/v3/merchant/media/upload', '/pay/micropay'],
  alipay: ['/gateway.do', '/v3/alipay/trade/query', '/oauth2/publicAppAuthorize.htm'],
  union_pay: ['/gateway/api/backTransReq.do', '/gateway/api/frontTransReq.do', '/'],
  douyin_pay: ['/v1/trade/transactions/native', '/cashier/qr'],
} as const;

describe.each(WIRE_WALLETS)('the port of %s', (name) => {
  const root = () => wires.get(name)?.sandbox.url ?? '';

  test('gives a request fifteen seconds and headers of 32 KiB at most', () => {
    const { requestTimeout, headersTimeout, maxHeaderSize } = limits.get(name) ?? {};
    expect(requestTimeout).toBeLessThanOrEqual(15_000);
    expect(headersTimeout ?? requestTimeout).toBeLessThanOrEqual(15_000);
    expect(maxHeaderSize).toBeLessThanOrEqual(32_768);
  });

  test('waits for no one who says nothing, drips headers or drips a body', async () => {
    const start = 'HTTP/1.1\r\nHost: 127.0.0.1\r\n';
    const slow = [
      drip(root(), '', ''),
      drip(root(), `GET / ${start}X: `, 'y'),
      drip(root(), `GET / ${start}`, 'Y: 1\r\n'),
      ...[...TARGETS[name], '/__sandbox/actions/x'].flatMap((target) => [
        drip(root(), `POST ${target} ${start}Content-Length: 9000\r\n\r\n`, ' '),
        drip(root(), `POST ${target} ${start}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'),
        drip(root(), `POST ${target} ${start}Content-Length: 9000\r\n\r\n{"a":`, ''),
      ]),
    ];
    for (const { said, after_ms } of await Promise.all(slow)) {
      expect(after_ms).toBeLessThan(3_000);
      expect(said).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    }
  });

  test('sells while hundreds are slow', async () => {
    const wire = wires.get(name);
    if (!wire) throw new Error(`${name} did not start`);
    const start = 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000\r\n\r\n';
    const slow = Array.from({ length: 200 }, () => drip(root(), start, ' '));
    const order = await wire.paid();
    const asked = await wire.wallet.queryPayment(wire.account(), order.wallet_reference);
    expect(asked).toMatchObject({ kind: 'fact', fact: { state: 'paid' } });
    await Promise.all(slow);
  });
});
