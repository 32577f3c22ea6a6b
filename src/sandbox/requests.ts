/**
 * The last calls of a sandbox's API with the verdict on each: what a developer reads when a call
 * fails. Bodies are kept as they came, for this is a sandbox; sizes are bounded.
 */
export interface LoggedRequest {
  /** Counts up from 1; newest last. */
  readonly number: number;
  /** Real time, ISO 8601. */
  readonly at: string;
  readonly method: string;
  /** Path and query as on the request line. */
  readonly target: string;
  /** The sandbox's own name of the call; null when there is no such call. */
  readonly operation: string | null;
  /** Who called, by number; null while nobody is known. */
  readonly caller: string | null;
  readonly status: number;
  /** `ok`, or the wallet's own error code. */
  readonly verdict: string;
  /** The wallet's own sentence on a refusal. */
  readonly reason: string | null;
  readonly signature: SignatureVerdict;
  readonly duration_ms: number;
  readonly wallet_request_id: string | null;
  readonly request_body: string;
  readonly answer_body: string;
  /** The fault that struck this call, if one did. */
  readonly fault: string | null;
}

export interface SignatureVerdict {
  readonly state: 'valid' | 'wrong' | 'missing' | 'not_checked';
  /** What to do about it; empty when valid. */
  readonly hint: string;
  /** The string this side built from the request, and what it must be signed with. */
  readonly expected_text?: string;
  /**
   * The string that was signed instead, where one of the usual mistakes explains the signature
   * (body re-serialised, query left out, timestamp in milliseconds…).
   */
  readonly signed_text?: string;
}

const KEPT = 500;
const MAX_BODY = 16_384;
const MAX_WORDS = 1024;

/** A copy, because a part that is cut out of a long text keeps all of it in memory. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return Buffer.from(text.slice(0, length), 'utf16le').toString('utf16le');
}

function cutOr<T extends null | undefined>(text: string | T, length: number): string | T {
  return typeof text === 'string' ? cut(text, length) : text;
}

function cutVerdict(verdict: SignatureVerdict): SignatureVerdict {
  const { expected_text, signed_text } = verdict;
  return {
    state: verdict.state,
    hint: cut(verdict.hint, MAX_WORDS),
    ...(expected_text === undefined ? {} : { expected_text: cut(expected_text, MAX_BODY) }),
    ...(signed_text === undefined ? {} : { signed_text: cut(signed_text, MAX_BODY) }),
  };
}

export class RequestLog {
  readonly #entries: LoggedRequest[] = [];
  readonly #real: () => Date;
  #count = 0;

  constructor(real: () => Date) {
    this.#real = real;
  }

  add(entry: Omit<LoggedRequest, 'number' | 'at'>): void {
    this.#count += 1;
    this.#entries.push({
      ...entry,
      number: this.#count,
      at: this.#real().toISOString(),
      target: cut(entry.target, MAX_WORDS),
      operation: cutOr(entry.operation, MAX_WORDS),
      caller: cutOr(entry.caller, MAX_WORDS),
      reason: cutOr(entry.reason, MAX_BODY),
      signature: cutVerdict(entry.signature),
      request_body: cut(entry.request_body, MAX_BODY),
      answer_body: cut(entry.answer_body, MAX_BODY),
    });
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  /** How many there have been, forgotten ones too. */
  get count(): number {
    return this.#count;
  }

  /** Newest first; at most `limit`, only those that were refused or faulted when `troubled`. */
  list(options: { limit: number; troubled?: boolean }): readonly LoggedRequest[] {
    const wanted = options.troubled
      ? this.#entries.filter(({ verdict, fault }) => verdict !== 'ok' || fault !== null)
      : this.#entries;
    return wanted.slice(-options.limit).reverse();
  }

  get(number: number): LoggedRequest | undefined {
    return this.#entries.find((entry) => entry.number === number);
  }
}
