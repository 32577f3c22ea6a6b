import type pg from 'pg';
import type { SimulatedProcess } from './process.ts';

export type Done = (error: Error | null, result?: pg.QueryResult) => void;

export interface Session {
  readonly client: pg.Client;
  readonly process: SimulatedProcess;
  readonly number: number;
  /** Asked and not yet sent, in the order asked. */
  readonly waiting: Asked[];
  /** Answered, and not yet heard of. */
  readonly unheard: (() => void)[];
  busy: boolean;
  /** Channels. */
  readonly listens: Set<string>;
}

export interface Asked {
  readonly config: pg.QueryConfig;
  readonly done: Done;
  readonly label: string;
}

export interface Sent extends Asked {
  readonly session: Session;
  readonly over: Promise<void>;
  outcome: { error: Error | null; result?: pg.QueryResult } | undefined;
}
