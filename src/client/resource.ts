import { listsOf, type PageQuery } from './pages.ts';
import type { KeyOption } from './payments.ts';
import type { Send } from './transport.ts';

/** What every kind of account object has: a path, lists, create and get. */
export function resourceOf<T, New, Filter extends PageQuery>(send: Send, path: string) {
  const at = (id: string, part = '') => `${path}/${encodeURIComponent(id)}${part}`;
  const post = <Answer>(to: string, body: unknown, options: KeyOption = {}) =>
    send<Answer>({ method: 'POST', path: to, body, ...options });
  return {
    at,
    post,
    calls: {
      ...listsOf<T, Filter>(send, path),
      create: (input: New, options?: KeyOption) => post<T>(path, input, options),
      get: (id: string) => send<T>({ method: 'GET', path: at(id) }),
    },
  };
}
