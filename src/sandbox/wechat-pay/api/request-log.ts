import type { ApiCall } from './authentication.ts';

/** The last calls of the API and the verdict on each, for developers at /__sandbox/requests. */
export interface LoggedRequest {
  readonly at: string;
  readonly method: string;
  readonly target: string;
  readonly mchid: string | null;
  readonly status: number;
  /** The wire code of a refusal; `OK` otherwise. */
  readonly verdict: string;
  readonly request_id: string;
  readonly answer: unknown;
}

const KEPT = 200;

export class RequestLog {
  readonly #entries: LoggedRequest[] = [];
  readonly #real: () => Date;

  constructor(real: () => Date) {
    this.#real = real;
  }

  add(entry: {
    call: ApiCall;
    status: number;
    content: object | undefined;
    request_id: string;
    mchid: string | undefined;
  }): void {
    const { call, status, content, request_id } = entry;
    const code = content && 'code' in content ? content.code : 'OK';
    this.#entries.push({
      at: this.#real().toISOString(),
      method: call.method,
      target: call.target.slice(0, 512),
      mchid: entry.mchid ?? null,
      status,
      verdict: typeof code === 'string' ? code : 'OK',
      request_id,
      answer: content ?? null,
    });
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  /** Newest first. */
  get entries(): readonly LoggedRequest[] {
    return this.#entries.toReversed();
  }
}
