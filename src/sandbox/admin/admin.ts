import { z } from 'zod';
import type { CoveredCall } from '../coverage.ts';
import type { RequestLog } from '../requests.ts';
import type { SandboxWallet } from '../sandbox.ts';
import { ActionRefusal, type SandboxAction } from './actions.ts';

/**
 * The developer's side of a wallet's sandbox, below `/__sandbox/` of its own port: the last calls
 * with the verdict on each, and the actions. For callers of this machine; the server of the
 * sandbox has checked Host and Origin before it asks here.
 */
export interface AdminRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AdminOptions {
  readonly wallet: SandboxWallet;
  readonly requests: RequestLog;
  readonly actions: readonly SandboxAction[];
  readonly coverage: readonly CoveredCall[];
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

export class Admin {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  async answer(request: AdminRequest): Promise<AdminAnswer> {
    const path = request.url.pathname.slice('/__sandbox/'.length);
    const { requests, actions, coverage } = this.#options;
    if (request.method === 'GET' && path === 'requests') {
      const asked = Number(request.url.searchParams.get('limit') ?? DEFAULT_LIMIT);
      const limit = Number.isInteger(asked) && asked > 0 ? Math.min(asked, MAX_LIMIT) : 50;
      const troubled = request.url.searchParams.get('only') === 'troubled';
      return json(200, { data: requests.list({ limit, troubled }) });
    }
    if (request.method === 'GET' && path === 'coverage') return json(200, { data: coverage });
    if (request.method === 'GET' && path === 'actions') {
      return json(200, { data: actions.map(describe) });
    }
    if (request.method === 'POST' && path.startsWith('actions/')) {
      return this.#act(path.slice('actions/'.length), request.body);
    }
    return json(404, { error: 'no such call: requests, coverage, actions, actions/{name}' });
  }

  async #act(name: string, body: string): Promise<AdminAnswer> {
    const action = this.#options.actions.find((known) => known.name === name);
    if (!action) return json(404, { error: `no action ${name}: see GET /__sandbox/actions` });
    let input: unknown;
    try {
      input = body === '' ? {} : JSON.parse(body);
    } catch {
      return json(400, { error: 'the body must be one JSON object' });
    }
    try {
      return json(200, await action.run(input));
    } catch (error) {
      if (error instanceof z.ZodError) return json(400, { error: z.prettifyError(error) });
      if (error instanceof ActionRefusal) return json(error.status, { error: error.message });
      throw error;
    }
  }
}

function describe({ name, summary, input }: SandboxAction) {
  return { name, summary, input: z.toJSONSchema(input, { unrepresentable: 'any' }) };
}

function json(status: number, content: object): AdminAnswer {
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
  return { status, headers, body: JSON.stringify(content, bigintAsNumber) };
}

/** Amounts of a sandbox stay below 2^53 fen. */
function bigintAsNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number.parseInt(value.toString(), 10) : value;
}
