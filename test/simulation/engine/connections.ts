import pg from 'pg';
import { driver } from './pg-client.ts';
import { currentProcess } from './process.ts';
import type { Done } from './sessions.ts';
import type { Statements } from './statements.ts';

let current: Statements | undefined;

export function useStatements(statements: Statements | undefined): void {
  current = statements;
}

/** Once: connections that are made in a simulated process belong to it from then on. */
export function installStatements(): void {
  Object.assign(pg.Client.prototype, { connect, query, end, _handleNotification: ignored });

  function connect(this: pg.Client, callback?: (error?: Error) => void): unknown {
    const process = currentProcess();
    const statements = current;
    if (!process || !statements) return driver.connect.call(this, callback);
    if (callback) return statements.connect(this, process, callback);
    return new Promise<void>((resolve, reject) => {
      statements.connect(this, process, (error) => (error ? reject(error) : resolve()));
    });
  }

  function query(this: pg.Client, ...args: unknown[]): unknown {
    const statements = current;
    if (!statements?.knows(this)) return driver.query.apply(this, args);
    const callback = args.findLast((each): each is Done => typeof each === 'function');
    const [first, second] = args;
    const config =
      typeof first === 'string'
        ? { text: first, ...(Array.isArray(second) ? { values: second } : {}) }
        : (first as pg.QueryConfig);
    if (callback) return statements.ask(this, config, callback);
    return new Promise((resolve, reject) => {
      statements.ask(this, config, (error, result) => (error ? reject(error) : resolve(result)));
    });
  }

  function end(this: pg.Client, callback?: () => void): unknown {
    const statements = current;
    if (!statements?.knows(this)) return driver.end.call(this, callback);
    if (callback) return statements.end(this, callback);
    return new Promise<void>((resolve) => statements.end(this, resolve));
  }

  function ignored(): void {}
}
