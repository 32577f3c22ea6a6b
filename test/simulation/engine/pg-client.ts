import pg from 'pg';

/** What is read of a client of the driver, and how a statement is shown in the trace. */
const LABEL_LENGTH = 70;
/** Of RSA, whose padding is drawn where no seed reaches: never the same. */
const CIPHERTEXT = /[A-Za-z0-9+/]{340,}={0,2}|(?<="user_name[\\"]*:[\\"]*)[A-Za-z0-9+/]{4}(?=…)/g;

/** The driver's own functions, kept before others take their place. */
export const driver: Readonly<
  Record<'query' | 'connect' | 'end', (...args: unknown[]) => unknown>
> = { ...pick(pg.Client.prototype) };

/** Each is called with its client as `this`. */
function pick(prototype: object) {
  const { query, connect, end } = prototype as typeof driver;
  return { query, connect, end };
}

export function pidOf(client: pg.Client): number {
  return Number((client as unknown as { processID: number }).processID);
}

/** A statement may wait for a lock for as long as the seed wants, which no real clock counts. */
export function waitForEver(client: pg.Client): void {
  const { connectionParameters } = client as unknown as {
    connectionParameters: { statement_timeout: number };
  };
  connectionParameters.statement_timeout = 0;
}

/** Nobody is there any more to hear what becomes of it. */
export function silence(client: pg.Client): void {
  const { connection } = client as unknown as {
    connection: NodeJS.EventEmitter & { stream: { destroy(): void } & NodeJS.EventEmitter };
  };
  for (const emitter of [client, connection, connection.stream] as NodeJS.EventEmitter[]) {
    emitter.removeAllListeners();
    emitter.on('error', () => {});
  }
  connection.stream.destroy();
}

interface Ended {
  _queryable: boolean;
  _ended: boolean;
  connection: NodeJS.EventEmitter & { stream: { destroy(): void } & NodeJS.EventEmitter };
}

/** The connection is gone, and whoever has the client finds out at its next statement. */
export function hangUp(client: pg.Client): void {
  const inside = client as unknown as Ended;
  inside._queryable = false;
  inside._ended = true;
  const { connection } = inside;
  for (const emitter of [connection, connection.stream] as NodeJS.EventEmitter[]) {
    emitter.removeAllListeners();
    emitter.on('error', () => {});
  }
  connection.stream.destroy();
}

export function endedByServer(): Error {
  const message = 'terminating connection due to administrator command';
  return Object.assign(new Error(message), { code: '57P01', severity: 'FATAL' });
}

/** As the driver tells of it. */
export function tellEnd(client: pg.Client, error: Error): void {
  client.emit('error', error);
  process.nextTick(() => client.emit('end'));
}

export function labelOf({ text, values }: pg.QueryConfig): string {
  const short = text.replace(/\s+/g, ' ').trim().slice(0, LABEL_LENGTH);
  if (!values || values.length === 0) return short;
  return `${short} ${JSON.stringify(values, plain).replace(CIPHERTEXT, 'ciphertext')}`;
}

/** Bytes are ciphertexts and signatures under keys of this machine: no part of the trace. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Buffer.isBuffer(value)) return 'bytes';
  if (typeof value === 'object' && value !== null && 'type' in value && 'data' in value) {
    return value.type === 'Buffer' ? 'bytes' : value;
  }
  return value;
}

export function rowsOf(result: pg.QueryResult | undefined): string {
  return `${result?.command ?? 'nothing'} ${result?.rowCount ?? 0}`;
}
