import { createServer, type IncomingHttpHeaders } from 'node:http';
import { decodeForm, type Message } from '../../protocols/union-pay/message.ts';

/** For tests: where a merchant hears notices. */
export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly message: Message;
  readonly at: number;
}

export interface Ear {
  readonly url: string;
  readonly heard: Heard[];
  /** HTTP status of the next answers; 200 unless told otherwise. */
  answer(status: number): void;
  hears(count: number): Promise<readonly Heard[]>;
  stop(): Promise<void>;
}

/** A merchant's server that hears notices. */
export async function openEar(): Promise<Ear> {
  const heard: Heard[] = [];
  let status = 200;
  let wake = () => {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const message = decodeForm(Buffer.concat(chunks).toString('utf8')) ?? new Map();
      heard.push({ headers: request.headers, message, at: Date.now() });
      response.writeHead(status).end();
      wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/notice`,
    heard,
    answer(code) {
      status = code;
    },
    async hears(count) {
      while (heard.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return heard;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
