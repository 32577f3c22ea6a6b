import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { App } from '../../src/app.ts';
import { loadConfig } from '../../src/config.ts';
import { sql } from '../../src/db/pool.ts';
import { listen } from '../../src/http/listen.ts';
import { createServer, type ServerParts } from '../../src/http/server.ts';
import { apiRoutes } from '../../src/hub.ts';
import { mintKey } from '../../src/platforms/keys.ts';
import { createApp } from '../../src/wiring.ts';
import { createTestDatabase } from './database.ts';
import { atFileEnd } from './file-end.ts';

/** The hub's HTTP side on a test database and a port of its own, without wallets behind it. */
export interface TestHub {
  readonly app: App;
  readonly url: string;
  readonly port: number;
  readonly operator_key: string;
  call(method: string, path: string, request?: HubRequest): Promise<HubAnswer>;
}

export interface HubRequest {
  /** The operator's when absent; null sends none. */
  readonly key?: string | null;
  readonly idempotency?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, as application/json unless `headers` say otherwise. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HubAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON object of the answer; empty when there is none. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The error object of the answer, if it is one. */
  readonly error: HubError | undefined;
}

const errorShape = z.looseObject({
  type: z.string(),
  code: z.string(),
  message: z.string(),
  param: z.string().nullable(),
  retry: z.string(),
  request_id: z.string(),
});
export type HubError = z.infer<typeof errorShape>;
const answerShape = z.looseObject({ error: errorShape.optional() });

export interface TestHubOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The hub's own routes when absent. */
  readonly parts?: (app: App) => ServerParts;
}

/** Call it in `beforeAll`; everything is stopped after the file's tests. */
export async function startTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  const database = await createTestDatabase();
  const dir = mkdtempSync(join(tmpdir(), 'hutong-http-'));
  const config = loadConfig({
    HUTONG_DATA_DIR: dir,
    HUTONG_LOG_LEVEL: 'silent',
    HUTONG_RATE_LIMIT: '1000000',
    HUTONG_WALLET_TIMEOUT_MS: '1000',
    ...options.env,
  });
  const built = await createApp({
    config,
    database_url: database.url,
    name: 'test hub',
    public_url: 'http://127.0.0.1',
  });
  const { app } = built;
  await app.db.query(sql`insert into installation (mode) values ('sandbox')`);
  const parts = options.parts?.(app) ?? { routes: apiRoutes(app) };
  const server = await listen(app, createServer(app, parts), { host: '127.0.0.1', port: 0 });
  atFileEnd(async () => {
    await server.stop();
    await built.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const { url, port } = server;
  const operator_key = (await mintKey(app, app.db, { role: 'operator' })).secret;
  return { app, url, port, operator_key, call: caller(url, operator_key) };
}

/** Asks a server over a real socket; `key` signs in where a request names none. */
export function caller(url: string, key: string): TestHub['call'] {
  return async (method, path, request = {}) => {
    const signed = request.key === undefined ? key : request.key;
    const payload =
      request.raw ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(signed === null ? {} : { authorization: `Bearer ${signed}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...(request.idempotency === undefined ? {} : { 'idempotency-key': request.idempotency }),
        ...request.headers,
      },
      ...(payload === undefined ? {} : { body: payload }),
      redirect: 'manual',
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false;
    const json: z.infer<typeof answerShape> = isJson ? answerShape.parse(JSON.parse(text)) : {};
    return { status: answer.status, headers: answer.headers, text, json, error: json.error };
  };
}
