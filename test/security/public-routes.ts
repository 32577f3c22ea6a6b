import { z } from 'zod';
import { newId } from '../../src/ids.ts';

/** The hub's routes as it tells them itself: a route that is not told is not tested, nor served. */
export interface PublicRoute {
  readonly method: string;
  /** `/v1/payments/{payment}` */
  readonly path: string;
  readonly roles: readonly string[];
  /** JSON Schema of the body, when the route takes one. */
  readonly body: JsonSchema | undefined;
  /** Names of the query's parameters. */
  readonly query: readonly string[];
}

export type JsonSchema = Readonly<Record<string, unknown>>;

const record = z.record(z.string(), z.unknown());
const operation = z.object({
  description: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.string() })).optional(),
  requestBody: z
    .object({ content: z.object({ 'application/json': z.object({ schema: record }) }) })
    .optional(),
});
const documentShape = z.object({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), record) }),
});

export async function publicRoutes(url: string): Promise<readonly PublicRoute[]> {
  const answer = await fetch(`${url}/openapi.json`);
  const document = documentShape.parse(await answer.json());
  const { schemas } = document.components;
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, told]) => ({
      method: method.toUpperCase(),
      path,
      roles: rolesIn(told.description),
      body: resolved(told.requestBody?.content['application/json'].schema, schemas),
      query: (told.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name),
    })),
  );
}

function rolesIn(description: string): string[] {
  const [, list = ''] = /Roles: ([a-z, ]+)\./.exec(description) ?? [];
  return list.split(', ');
}

function resolved(
  schema: JsonSchema | undefined,
  all: Readonly<Record<string, JsonSchema>>,
): JsonSchema | undefined {
  const reference = schema?.['$ref'];
  if (typeof reference !== 'string') return schema;
  return all[reference.replace('#/components/schemas/', '')];
}

const PREFIXES = {
  payment: 'pay',
  refund: 'rfd',
  hold: 'hld',
  receiver: 'rcv',
  settlement: 'stl',
  payout: 'pyo',
  merchant: 'mer',
  platform: 'plt',
  wallet_account: 'wac',
  endpoint: 'whe',
  event: 'evt',
  delivery: 'dlv',
  key: 'key',
  job: 'job',
  bill: 'bil',
  break: 'brk',
} as const;

/** The path with well-formed ids of nothing. */
export function filledPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    if (name === 'account') return `platform:${newId('plt')}`;
    const known = Object.entries(PREFIXES).find(([word]) => word === name);
    if (!known) throw new Error(`say in PREFIXES what {${name}} of ${path} is`);
    return newId(known[1]);
  });
}
