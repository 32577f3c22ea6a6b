import { createServer, type Socket } from 'node:net';
import { atFileEnd } from '../../support/file-end.ts';

/** A server that answers each request with whatever bytes it is told. */
export type Script = (socket: Socket, head: string) => void;

export interface Hostile {
  readonly url: string;
  /** Heads of all requests since the last `play`. */
  readonly heads: readonly string[];
  play(script: Script, options?: { on_connect?: (socket: Socket) => void }): void;
}

export async function openHostile(): Promise<Hostile> {
  let script: Script = (socket) => socket.destroy();
  let greet: ((socket: Socket) => void) | undefined;
  const heads: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    greet?.(socket);
    let said = '';
    socket.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(-1_000_000);
      const end = said.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = said.slice(0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (said.length < end + 4 + length) return;
      said = said.slice(end + 4 + length);
      heads.push(head);
      script(socket, head);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  atFileEnd(async () => {
    for (const socket of open) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    heads,
    play(next, { on_connect } = {}) {
      script = next;
      greet = on_connect;
      heads.length = 0;
    },
  };
}
