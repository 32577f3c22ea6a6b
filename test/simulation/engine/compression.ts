import { createGunzip, type Gunzip } from 'node:zlib';

/**
 * The streams of `node:zlib` work on other threads, and when they are done is nobody's choice. Here
 * a stream does all its work when its input has ended, at once.
 */
interface Worker {
  push(chunk: Buffer): boolean;
  destroyed: boolean;
  /** Without a callback it works on the caller's own thread. */
  _processChunk(chunk: Buffer, flush: number): Buffer;
}
type Done = (error?: Error | null) => void;

const FINISH = 4;
const PIECE_BYTES = 65_536;

/** Once; also for streams that are made by functions imported before. */
export function installCompression(): void {
  const chunks = new WeakMap<Worker, Buffer[]>();
  Object.assign(commonPrototype(createGunzip()), {
    _transform(this: Worker, chunk: Buffer, _encoding: string, done: Done): void {
      chunks.set(this, [...(chunks.get(this) ?? []), chunk]);
      done();
    },
    _flush(this: Worker, done: Done): void {
      try {
        const whole = this._processChunk(Buffer.concat(chunks.get(this) ?? []), FINISH);
        for (let at = 0; at < whole.length; at += PIECE_BYTES) {
          this.push(whole.subarray(at, at + PIECE_BYTES));
        }
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}

/** Of packing and unpacking streams alike: the one that has `_processChunk`. */
function commonPrototype(stream: Gunzip): object {
  let at: object | null = stream;
  while (at && !Object.hasOwn(at, '_processChunk')) at = Object.getPrototypeOf(at) as object | null;
  if (!at) throw new Error('the streams of node:zlib are made in another way now');
  return at;
}
