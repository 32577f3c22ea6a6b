import type { Clock } from '../../../clock.ts';
import { randomLetters, type SandboxRandom } from '../../random.ts';

/**
 * Made archives behind their links. A link needs no signature, so its number is long; it lives half
 * a minute of business time and ends with the process.
 */
export const BILL_PATH = '/downloadBillFile.resource';
const LIFE_MS = 30_000;
const MAX_LINKS = 64;
const MAX_BYTES = 256 * 1024 * 1024;

interface Kept {
  readonly file_name: string;
  readonly zip: Buffer;
  readonly expires_at: number;
}

export class BillLinks {
  readonly #clock: Clock;
  readonly #random: SandboxRandom;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(clock: Clock, random: SandboxRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The number by which the file is fetched, as often as one likes. */
  keep(file_name: string, zip: Buffer): string {
    const now = this.#clock.now().getTime();
    this.#forget(now, zip.length);
    const id = randomLetters(this.#random, 40);
    this.#kept.set(id, { file_name, zip, expires_at: now + LIFE_MS });
    this.#bytes += zip.length;
    return id;
  }

  get(id: string): { readonly file_name: string; readonly zip: Buffer } | undefined {
    const found = this.#kept.get(id);
    return found && this.#clock.now().getTime() < found.expires_at ? found : undefined;
  }

  #forget(now: number, wanted: number): void {
    for (const [id, { zip, expires_at }] of this.#kept) {
      const crowded = this.#kept.size >= MAX_LINKS || this.#bytes + wanted > MAX_BYTES;
      if (now < expires_at && !crowded) continue;
      this.#kept.delete(id);
      this.#bytes -= zip.length;
    }
  }
}

export interface LinkReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

/** What the link answers: the archive, or a page for people. */
export function answerLink(links: BillLinks, url: URL): LinkReply {
  const found = links.get(url.searchParams.get('fileId') ?? '');
  if (!found) {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    return { status: 404, headers, body: '<html><body>下载链接已失效</body></html>' };
  }
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${found.file_name}"`,
    },
    body: found.zip,
  };
}
