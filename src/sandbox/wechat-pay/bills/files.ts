import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { createGzip, gunzip } from 'node:zlib';
import type { Clock } from '../../../clock.ts';
import { randomLetters, type SandboxRandom } from '../../random.ts';

/**
 * Made bill files waiting to be fetched, compressed, for as long as their link lives. They are in
 * memory alone: after a restart a merchant asks for a new link.
 */
export interface PackedFile {
  readonly gzip: Buffer;
  /** Of the file before compression, lower-case hex. */
  readonly sha1: string;
  /** Bytes before compression. */
  readonly size: number;
}

interface Waiting {
  readonly mchid: string;
  readonly body: Buffer;
  readonly compressed: boolean;
  readonly expires_at: number;
}

const MAX_FILES = 64;
const MAX_BYTES = 256 * 1024 * 1024;
const BATCH_BYTES = 65_536;
const TOKEN_LETTERS = 48;
const gunzipped = promisify(gunzip);

/** Takes the text piece by piece and lets other work go on in between. */
export async function packFile(pieces: Iterable<string>): Promise<PackedFile> {
  const hash = createHash('sha1');
  const gzip = createGzip({ level: 6 });
  const chunks: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk));
  let size = 0;
  const write = async (text: string) => {
    const bytes = Buffer.from(text, 'utf8');
    hash.update(bytes);
    size += bytes.length;
    if (!gzip.write(bytes)) await once(gzip, 'drain');
  };
  let batch = '';
  for (const piece of pieces) {
    batch += piece;
    if (batch.length < BATCH_BYTES) continue;
    await write(batch);
    batch = '';
  }
  await write(batch);
  gzip.end();
  await once(gzip, 'end');
  return { gzip: Buffer.concat(chunks), sha1: hash.digest('hex'), size };
}

export class BillFiles {
  readonly #clock: Clock;
  readonly #random: SandboxRandom;
  readonly #files = new Map<string, Waiting>();
  #bytes = 0;

  constructor(clock: Clock, random: SandboxRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The token that fetches these bytes, once or several times, within `life_ms`. */
  keep(file: { mchid: string; body: Buffer; compressed: boolean; life_ms: number }): string {
    const { mchid, body, compressed, life_ms } = file;
    const now = this.#clock.now().getTime();
    this.#forget(now, body.length);
    const token = randomLetters(this.#random, TOKEN_LETTERS);
    this.#files.set(token, { mchid, body, compressed, expires_at: now + life_ms });
    this.#bytes += body.length;
    return token;
  }

  /** `expired` also when no such token was ever given. */
  async fetch(token: string, mchid: string): Promise<Buffer | 'expired' | 'other_merchant'> {
    const file = this.#files.get(token);
    if (!file || this.#clock.now().getTime() >= file.expires_at) return 'expired';
    if (file.mchid !== mchid) return 'other_merchant';
    return file.compressed ? this.unpack(file.body) : file.body;
  }

  unpack(gzip: Buffer): Promise<Buffer> {
    return gunzipped(gzip);
  }

  #forget(now: number, wanted: number): void {
    for (const [token, { body, expires_at }] of this.#files) {
      const crowded = this.#files.size >= MAX_FILES || this.#bytes + wanted > MAX_BYTES;
      if (now < expires_at && !crowded) continue;
      this.#files.delete(token);
      this.#bytes -= body.length;
    }
  }
}
