import type { ZodType, z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import type { Id, Prefix } from '../ids.ts';
import type { Caller, Role } from './caller.ts';
import type { CallKey } from './idempotency.ts';

/**
 * A route of the JSON API: a declaration that validates, documents and protects it, and a handler
 * that calls a verb and renders. Denied by default: without `roles` there is no route.
 */
export interface RouteSpec<
  Params extends ParamKinds = ParamKinds,
  Query extends ZodType = ZodType,
  Body extends ZodType = ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** OpenAPI form: `/v1/payments/{payment}`. */
  readonly path: string;
  readonly roles: readonly [Role, ...Role[]];
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** What each `{name}` in the path is; a malformed id is the caller's 404. */
  readonly params?: Params;
  /** Strict object of strings: an unknown parameter is refused. */
  readonly query?: Query;
  /** Strict object; without it only an empty body is accepted. */
  readonly body?: Body;
  /** POST only: `required` where money moves, else `optional`. */
  readonly idempotency?: 'required' | 'optional';
  /** Status of the usual answer. */
  readonly status: 200 | 201 | 202;
  readonly answer: ZodType;
  /** Refusals of this call beyond those every call may meet, for the reference. */
  readonly refusals?: readonly ErrorCode[];
  /** Default 64 KiB. */
  readonly max_body_bytes?: number;
}

export type ParamKinds = Readonly<Record<string, Prefix | 'text'>>;

/** What a handler gets: everything parsed, nothing raw. */
export interface Call<
  Params extends ParamKinds = ParamKinds,
  Query extends ZodType = ZodType,
  Body extends ZodType = ZodType,
> {
  readonly caller: Caller;
  readonly params: {
    readonly [Name in keyof Params]: Params[Name] extends Prefix ? Id<Params[Name]> : string;
  };
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  /** Present when the caller sent an Idempotency-Key; always where the route requires one. */
  readonly key: CallKey | undefined;
  readonly request_id: string;
  /** Address of the connection's other end. */
  readonly client_ip: string;
  readonly user_agent: string;
}

/**
 * An answer: `body` is rendered as JSON, `text` is JSON already rendered; a `stream` is sent as it
 * comes and names its own Content-Type.
 */
export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
} & (
  | { readonly body: unknown }
  | { readonly text: string }
  | { readonly stream: ReadableStream<Uint8Array> }
);

export interface Route {
  readonly spec: RouteSpec;
  readonly handle: (call: Call) => Promise<Reply>;
}

/** Binds a declaration to its handler with the types of its schemas. */
export function route<Params extends ParamKinds, Query extends ZodType, Body extends ZodType>(
  spec: RouteSpec<Params, Query, Body>,
  handle: (call: Call<Params, Query, Body>) => Promise<Reply>,
): Route {
  // The dispatcher parses with this very spec before it calls the handler.
  return { spec: spec as unknown as RouteSpec, handle: handle as unknown as Route['handle'] };
}
