import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import { newId } from '../ids.ts';

/** What a page's handler finds in its context. */
export interface PageEnv {
  Bindings: HttpBindings;
  Variables: {
    request_id: string;
    /** Address of the connection's other end. */
    client_ip: string;
  };
}

/** Address of the other end of the connection; headers that anybody can write are not believed. */
export function clientIp(c: Context<PageEnv>): string {
  const address = c.env.incoming.socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

export function requestIdOf(c: Context<PageEnv>): string {
  const known = c.get('request_id');
  if (known !== undefined) return known;
  const made = newId('req');
  c.set('request_id', made);
  return made;
}
