import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ClientOptions,
  ConflictError,
  ConnectionError,
  createClient,
  HutongError,
  InternalError,
  NotFoundError,
  OutcomeUnknownError,
  RateLimitedError,
  WalletRefusedError,
} from './client.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A hub that answers from a list, the last answer for ever; `cut` breaks the connection off. */
async function hub(...answers: (Answer | 'cut')[]) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      asked.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (answer === undefined || answer === 'cut') return request.socket.destroy();
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      return response.end(JSON.stringify(answer.body ?? {}));
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base_url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const client = (more: Partial<ClientOptions> = {}) =>
    createClient({ base_url, api_key: 'sk_test_x', ...more });
  return { asked, client };
}

function refusal(status: number, type: string, code: string, retry: string, more = {}): Answer {
  const error = {
    type,
    code,
    message: 'no',
    param: null,
    doc_url: 'd',
    request_id: 'req_1',
    retry,
  };
  return { status, body: { error: { ...error, wallet: null, ...more } } };
}

const PAYMENT = {
  merchant: 'mer_1',
  amount: 1234,
  currency: 'CNY',
  description: 'Tea',
  order: { reference: 'A-1' },
} as const;

const BUSY = refusal(503, 'internal', 'unavailable', 'same_key');

describe('the client', () => {
  it('sends the key of the API, JSON, and the caller’s idempotency key', async () => {
    const { asked, client } = await hub({ status: 201, body: { id: 'pay_1' } });
    const payment = await client().payments.create(PAYMENT, { idempotency_key: 'order A-1' });
    expect(payment.id).toBe('pay_1');
    expect(asked[0]).toMatchObject({ method: 'POST', path: '/v1/payments' });
    expect(asked[0]?.headers).toMatchObject({
      authorization: 'Bearer sk_test_x',
      'content-type': 'application/json',
      'idempotency-key': 'order A-1',
    });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual(PAYMENT);
  });

  it('tries again with the same idempotency key when the connection breaks', async () => {
    const { asked, client } = await hub('cut', { status: 201, body: { id: 'whe_1' } });
    await client().webhookEndpoints.create({ url: 'https://shop.example/' });
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[\w-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it('waits as long as Retry-After says', async () => {
    const busy = { ...BUSY, headers: { 'retry-after': '1' } };
    const { asked, client } = await hub(busy, { status: 200, body: { id: 'pay_1' } });
    const began = performance.now();
    await client().payments.get('pay_1');
    expect(asked).toHaveLength(2);
    expect(performance.now() - began).toBeGreaterThan(990);
  });

  it('does not try again what the hub says is in vain, or needs a look first', async () => {
    const unknown = refusal(502, 'outcome_unknown', 'outcome_unknown', 'after_query');
    const { asked, client } = await hub(unknown);
    const attempt = { wallet: 'alipay', presentation: 'qr' } as const;
    const failing = client().payments.createAttempt('pay_1', attempt);
    await expect(failing).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(asked).toHaveLength(1);
  });

  it('gives up after max_retries', async () => {
    const { asked, client } = await hub(BUSY);
    const failing = client({ max_retries: 1 }).payments.get('pay_1');
    await expect(failing).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    expect(asked).toHaveLength(2);
  });

  it('says that the connection failed, with its cause, when no try was answered', async () => {
    const { client } = await hub('cut');
    const error: unknown = await client({ max_retries: 0 })
      .payments.get('pay_1')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toHaveProperty('cause');
  });

  it('throws the class of the refusal with all it says', async () => {
    const wallet = { name: 'wechat_pay', code: 'NOTENOUGH', message: 'short' };
    const cases = [
      [refusal(404, 'not_found', 'not_found', 'never'), NotFoundError],
      [refusal(409, 'conflict', 'order_reference_taken', 'never'), ConflictError],
      [refusal(429, 'rate_limited', 'rate_limited', 'never'), RateLimitedError],
      [refusal(422, 'wallet_refused', 'wallet_refused', 'never', { wallet }), WalletRefusedError],
      [{ status: 404, body: 'a proxy’s page' }, InternalError],
    ] as const;
    for (const [answer, kind] of cases) {
      const { client } = await hub(answer);
      const error: unknown = await client()
        .payments.get('pay_1')
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(kind);
      expect(error).toBeInstanceOf(HutongError);
      if (error instanceof WalletRefusedError) expect(error.wallet).toEqual(wallet);
    }
  });

  it('does not follow a redirect with the key in hand', async () => {
    const elsewhere = await hub({ status: 200 });
    const redirect = { status: 307, headers: { location: 'http://127.0.0.1:9/' } };
    const { client } = await hub(redirect);
    const failing = client({ max_retries: 0 }).payments.get('pay_1');
    await expect(failing).rejects.toBeInstanceOf(ConnectionError);
    expect(elsewhere.asked).toHaveLength(0);
  });

  it('derives a refund’s idempotency key from the payment and the reference', async () => {
    const { asked, client } = await hub({ status: 201, body: {} });
    const refund = (reference: string) =>
      client().payments.refund('pay_1', { amount: 1, reference, reason: 'damaged' });
    await refund('退款 1');
    await refund('退款 1');
    await refund('退款 2');
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[0]);
    expect(keys[0]).toMatch(/^[\x21-\x7e]{1,255}$/);
  });

  it('pages through a list to its end', async () => {
    const page = (ids: string[], next_cursor: string | null) => ({
      status: 200,
      body: {
        object: 'list',
        data: ids.map((id) => ({ id })),
        has_more: next_cursor !== null,
        next_cursor,
      },
    });
    const { asked, client } = await hub(page(['a', 'b'], 'next one'), page(['c'], null));
    const ids: string[] = [];
    for await (const payment of client().payments.all({ state: 'succeeded', limit: 2 })) {
      ids.push(payment.id);
    }
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/payments?state=succeeded&limit=2',
      '/v1/payments?state=succeeded&limit=2&cursor=next+one',
    ]);
  });

  it('keeps an id from becoming another path', async () => {
    const { asked, client } = await hub({ status: 200 });
    await client().payments.get('../keys?x');
    expect(asked[0]?.path).toBe('/v1/payments/..%2Fkeys%3Fx');
  });

  it('refuses a key or URL that cannot be right', () => {
    const base_url = 'http://127.0.0.1:8080';
    expect(() => createClient({ base_url, api_key: 'whsec_x' })).toThrow(TypeError);
    expect(() => createClient({ base_url: 'localhost', api_key: 'sk_test_x' })).toThrow(TypeError);
  });
});
