import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';

/** One request of a stranger, and what came back. */
export interface FuzzRequest {
  readonly method: string;
  /** Path and query, exactly as sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface FuzzAnswer {
  readonly status: number;
  readonly type: string;
  readonly request_id: string | undefined;
  readonly text: string;
}

/** Far beyond what any request takes; an answer that is not there by then is a hang. */
const LIMIT_MS = 20_000;

export async function exchange(root: string, sent: FuzzRequest): Promise<FuzzAnswer> {
  try {
    return await exchangeOn(undefined, root, sent);
  } catch (error) {
    if (!(error instanceof ClosedAtRest)) throw error;
    // What closes a connection because of this request closes a fresh one too.
    return exchangeOn(false, root, sent);
  }
}

/** The server closed a connection that waited for its next request just when that left. */
class ClosedAtRest extends Error {
  override name = 'ClosedAtRest';
}

function exchangeOn(agent: false | undefined, root: string, sent: FuzzRequest) {
  const { hostname, port } = new URL(root);
  const { method, target, headers, body } = sent;
  return new Promise<FuzzAnswer>((resolve, reject) => {
    const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
    const options = { hostname, port, method, path: target, headers: { ...length, ...headers } };
    const outgoing = httpRequest(
      { ...options, agent, signal: AbortSignal.timeout(LIMIT_MS) },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          resolve({
            status: answer.statusCode ?? 0,
            type: answer.headers['content-type'] ?? '',
            request_id: headerText(answer.headers['request-id']),
            text: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const at_rest = outgoing.reusedSocket && error.code === 'ECONNRESET';
      reject(at_rest ? new ClosedAtRest(error.message) : error);
    });
    outgoing.end(body);
  });
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join() : value;
}

/** Bytes that need not be HTTP; resolves with what the server said before it closed. */
export function rawExchange(root: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(root);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after ${JSON.stringify(bytes.toString().slice(0, 80))}`));
    }, LIMIT_MS);
    let said = '';
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
    });
    // A reset is an answer too: the server wants no more of this.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(late);
      resolve(said);
    });
    socket.end(bytes);
  });
}
