import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Outbound, OutboundError, type OutboundOptions, type OutboundRequest } from './outbound.ts';
import { publicAddressesOnly } from './outbound-guard.ts';

const servers: Server[] = [];
const clients: Outbound[] = [];

afterEach(() => {
  for (const client of clients.splice(0)) client.stop();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<{ port: number; hits: () => number }> {
  let hits = 0;
  const server = createServer((request, response) => {
    hits += 1;
    listener(request, response);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, hits: () => hits };
}

function client(options: OutboundOptions = {}): Outbound {
  const made = new Outbound(options);
  clients.push(made);
  return made;
}

/** Answers these addresses for every name; nothing is asked of a real resolver. */
function resolver(...addresses: string[]): LookupFunction {
  return (_hostname, options, callback) => {
    const entries = addresses.map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    if (options.all) return callback(null, entries);
    return callback(null, entries[0]?.address ?? '', entries[0]?.family);
  };
}

function post(url: string, more: Partial<OutboundRequest> = {}): OutboundRequest {
  const limits = { timeout_ms: 5_000, max_answer_bytes: 1_000 };
  return { method: 'POST', url, headers: {}, body: 'hello', ...limits, ...more };
}

async function failure(answer: Promise<unknown>): Promise<OutboundError> {
  const error: unknown = await answer.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OutboundError)) throw new Error('the call did not fail as expected');
  return error;
}

describe('outbound calls', () => {
  it('carry the body and bring the answer back', async () => {
    const { port } = await serve((request, response) => {
      request.pipe(response.writeHead(201, { 'x-method': request.method }));
    });
    const answer = await client().send(post(`http://127.0.0.1:${port}/a`));
    expect(answer.status).toBe(201);
    expect(answer.headers['x-method']).toBe('POST');
    expect(answer.body.toString()).toBe('hello');
  });

  it('do not follow redirects', async () => {
    const { port, hits } = await serve((_request, response) => {
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const answer = await client().send(post(`http://127.0.0.1:${port}/`));
    expect(answer.status).toBe(307);
    expect(hits()).toBe(1);
  });

  it('end when the time is over, and say that the request may have arrived', async () => {
    const { port } = await serve(() => {});
    const error = await failure(
      client().send(post(`http://127.0.0.1:${port}/`, { timeout_ms: 50 })),
    );
    expect(error).toMatchObject({ kind: 'timeout', sent: true });
  });

  it('end when an answer trickles for longer than the time', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(drip));
    });
    const error = await failure(
      client().send(post(`http://127.0.0.1:${port}/`, { timeout_ms: 80 })),
    );
    expect(error.sent).toBe(true);
    expect(error.kind).toBe('timeout');
  });

  it('end at once when the other side switches protocols', async () => {
    const { port } = await serve((_request, response) => {
      const head = { connection: 'upgrade', upgrade: 'websocket' };
      response.writeHead(101, head).flushHeaders();
    });
    const error = await failure(client().send(post(`http://127.0.0.1:${port}/`)));
    expect(error).toMatchObject({ kind: 'broken', sent: true });
  });

  it('refuse an answer that is too large', async () => {
    const { port } = await serve((_request, response) => response.end('x'.repeat(2_000)));
    const error = await failure(client().send(post(`http://127.0.0.1:${port}/`)));
    expect(error.kind).toBe('too_large');
  });

  it('say that nothing was sent when nobody listens', async () => {
    const { port } = await serve(() => {});
    servers.pop()?.close();
    const error = await failure(client().send(post(`http://127.0.0.1:${port}/`)));
    expect(error).toMatchObject({ kind: 'connect', sent: false });
  });
});

describe('guarded outbound calls', () => {
  const allow = publicAddressesOnly({ allow_loopback: false });

  it('refuse a literal private address before connecting', async () => {
    const { port, hits } = await serve((_request, response) => response.end());
    for (const host of ['127.0.0.1', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]']) {
      const error = await failure(client({ allow }).send(post(`http://${host}:${port}/`)));
      expect(error).toMatchObject({ kind: 'refused_address', sent: false });
    }
    expect(hits()).toBe(0);
  });

  it('refuse a name that resolves to a private address', async () => {
    const { port, hits } = await serve((_request, response) => response.end());
    const lookup = resolver('127.0.0.1');
    const error = await failure(
      client({ allow, lookup }).send(post(`http://shop.example:${port}/`)),
    );
    expect(error).toMatchObject({ kind: 'refused_address', sent: false });
    expect(hits()).toBe(0);
  });

  it('refuse a name of which one address is private', async () => {
    const lookup = resolver('8.8.8.8', '10.0.0.1');
    const error = await failure(client({ allow, lookup }).send(post('https://shop.example/')));
    expect(error.kind).toBe('refused_address');
  });

  it('reach loopback when a sandbox allows it', async () => {
    const { port } = await serve((_request, response) => response.end('ok'));
    const sandbox = publicAddressesOnly({ allow_loopback: true });
    const guarded = client({ allow: sandbox, lookup: resolver('127.0.0.1') });
    const answer = await guarded.send(post(`http://shop.example:${port}/`));
    expect(answer.body.toString()).toBe('ok');
  });
});
