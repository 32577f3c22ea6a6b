import { OpenAPIHono, z } from '@hono/zod-openapi';
import type { App } from '../../app.ts';
import { ERRORS, type ErrorCode } from '../../errors.ts';
import type { ParamKinds, Route, RouteSpec } from '../route.ts';
import { id } from '../schemas.ts';
import { CURRENT_VERSION } from '../versions.ts';

/** The OpenAPI 3.1 document, from the very schemas that validate. */
export function openApiDocument(app: Pick<App, 'public_url'>, routes: readonly Route[]) {
  const registry = new OpenAPIHono().openAPIRegistry;
  registry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key: sk_test_… in a sandbox, sk_live_… in production.',
  });
  for (const { spec } of routes) registry.registerPath(describe(spec));
  const generator = new OpenAPIHono();
  generator.openAPIRegistry = registry;
  return generator.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Hutong',
      version: CURRENT_VERSION,
      description: 'Any shop takes any wallet. Amounts are integers in fen, times RFC 3339 in UTC.',
      license: { name: 'Apache-2.0' },
    },
    servers: [{ url: app.public_url }],
  });
}

const codes = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

export const errorSchema = z
  .object({
    error: z.object({
      type: z.enum([...new Set(Object.values(ERRORS).map(({ type }) => type))]),
      code: codes,
      message: z.string(),
      param: z.string().nullable(),
      doc_url: z.string(),
      request_id: z.string(),
      retry: z.enum(['never', 'same_key', 'after_query']),
      wallet: z
        .object({
          name: z.string(),
          code: z.string(),
          message: z.string(),
          request_id: z.string().optional(),
        })
        .nullable(),
    }),
  })
  .openapi('Error');

/** Refusals that every call may meet. */
const ALWAYS: readonly ErrorCode[] = [
  'invalid_parameter',
  'unauthenticated',
  'forbidden',
  'rate_limited',
  'internal',
  'unavailable',
];

/** Every refusal of a call, in the order of the table. */
export function refusalsOf(spec: RouteSpec): readonly ErrorCode[] {
  const own: ErrorCode[] = [...(spec.refusals ?? [])];
  if (spec.params) own.push('not_found');
  if (spec.method !== 'GET') own.push('invalid_json', 'unsupported_media_type', 'body_too_large');
  if (spec.idempotency) own.push('idempotency_conflict', 'idempotency_in_flight');
  if (spec.idempotency === 'required') own.push('idempotency_key_required');
  const all = new Set<string>([...ALWAYS, ...own]);
  return codes.options.filter((code) => all.has(code));
}

function describe(spec: RouteSpec) {
  const json = (schema: z.ZodType) => ({ 'application/json': { schema } });
  const roles = `Roles: ${spec.roles.join(', ')}.`;
  return {
    method: spec.method.toLowerCase() as Lowercase<RouteSpec['method']>,
    path: spec.path,
    operationId: operationId(spec),
    tags: [spec.tag],
    summary: spec.summary,
    description: spec.description === undefined ? roles : `${spec.description}\n\n${roles}`,
    security: [{ key: [] }],
    request: {
      ...(spec.params ? { params: paramsSchema(spec.params) } : {}),
      ...(spec.query instanceof z.ZodObject ? { query: spec.query } : {}),
      ...(spec.idempotency ? { headers: keyHeader(spec.idempotency) } : {}),
      ...(spec.body ? { body: { required: true, content: json(spec.body) } } : {}),
    },
    responses: {
      [spec.status]: { description: spec.summary, content: json(spec.answer) },
      ...failures(spec, json(errorSchema)),
    },
  };
}

function failures(spec: RouteSpec, content: { 'application/json': { schema: z.ZodType } }) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of refusalsOf(spec)) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [status, { description: list.join(', '), content }]),
  );
}

function paramsSchema(params: ParamKinds) {
  return z.object(
    Object.fromEntries(
      Object.entries(params).map(([name, kind]) => [name, kind === 'text' ? z.string() : id(kind)]),
    ),
  );
}

function keyHeader(need: 'required' | 'optional') {
  const form = z
    .string()
    .max(255)
    .openapi({ description: 'The same for every try of one intent.' });
  return z.object({ 'Idempotency-Key': need === 'required' ? form : form.optional() });
}

/** `POST /v1/payments/{payment}/attempts` → `post_payments_payment_attempts`. */
function operationId({ method, path }: RouteSpec): string {
  const words = path.replace('/v1/', '').replaceAll(/[{}]/g, '').split('/');
  return [method.toLowerCase(), ...words].join('_');
}
