import { z } from 'zod';
import type { App } from '../../src/app.ts';
import { openApiDocument, refusalsOf } from '../../src/http/reference/openapi.ts';
import type { Route, RouteSpec } from '../../src/http/route.ts';
import { apiRoutes } from '../../src/hub.ts';
import { type Form, fieldsOf, form, nameOf, typeOf } from './schema-fields.ts';
import { code, table } from './table.ts';

/** Routes are declared without being called, so they need nothing of the App yet. */
const NO_APP = {} as App;
const SERVER = 'http://127.0.0.1:8080';

export function openApiFile(): string {
  const document = openApiDocument({ public_url: SERVER }, apiRoutes(NO_APP));
  return `${JSON.stringify(document, null, 2)}\n`;
}

const operation = z.object({
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), schema: form, required: z.boolean() }))
    .optional(),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: form })) }).optional(),
  responses: z.record(
    z.string(),
    z.object({ content: z.record(z.string(), z.object({ schema: form })).optional() }),
  ),
});

const document = z.object({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), form) }),
});
type Document = z.infer<typeof document>;

export function apiPage(): string {
  const routes = apiRoutes(NO_APP);
  const parsed = document.parse(JSON.parse(openApiFile()));
  const tags = [...new Set(routes.map(({ spec }) => spec.tag))];
  const chapters = tags.map((tag) => {
    const own = routes.filter(({ spec }) => spec.tag === tag);
    return `## ${tag}\n\n${own.map((route) => section(parsed, route)).join('\n')}`;
  });
  const used = new Set(JSON.stringify(parsed.paths).match(/#\/components\/schemas\/\w+/g));
  const bodies = new Set(requestNames(parsed));
  const objects = Object.entries(parsed.components.schemas)
    .filter(([name]) => used.has(`#/components/schemas/${name}`))
    .filter(([name]) => name !== 'Error' && !bodies.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => `### ${name}\n\n${fieldTable(schema)}\n`);
  return `${HEAD}
${overview(routes)}

${chapters.join('\n')}
## Objects

${objects.join('\n')}`;
}

function overview(routes: readonly Route[]): string {
  return table(
    ['call', 'what it does', 'roles'],
    routes.map(({ spec }) => [
      `[${code(`${spec.method} ${spec.path}`)}](#${anchorOf(spec)})`,
      spec.summary,
      spec.roles.join(', '),
    ]),
  );
}

/** The anchor that a heading `POST /v1/payments` gets. */
function anchorOf({ method, path }: RouteSpec): string {
  return `${method} ${path}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9_ -]/g, '')
    .replaceAll(' ', '-');
}

function section(parsed: Document, { spec }: Route): string {
  const found = parsed.paths[spec.path]?.[spec.method.toLowerCase()];
  const body = found?.requestBody?.content['application/json']?.schema;
  const query = (found?.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const answer = found?.responses[String(spec.status)]?.content?.['application/json']?.schema;
  const parts = [
    `### ${spec.method} ${spec.path}`,
    `${spec.summary}.${spec.description ? ` ${spec.description}` : ''}`,
    facts(parsed, spec, answer),
    query.length === 0
      ? ''
      : table(
          ['query', 'type'],
          query.map(({ name, schema }) => [code(name), typeOf(schema)]),
        ),
    body ? fieldTable(resolve(parsed, body)) : '',
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function facts(parsed: Document, spec: RouteSpec, answer: Form | undefined): string {
  const shown = answer ? resolve(parsed, answer) : undefined;
  const list = shown?.properties?.['data']?.items;
  const named = answer?.$ref ?? list?.$ref;
  const what = named ? `[${nameOf(named)}](#${nameOf(named).toLowerCase()})` : 'an object';
  const key = { required: ', Idempotency-Key required', optional: ', Idempotency-Key optional' };
  const lines = [
    `- Roles: ${spec.roles.join(', ')}${spec.idempotency ? key[spec.idempotency] : ''}`,
    `- Answers ${spec.status} with ${list && !answer?.$ref ? `a list of ${what}` : what}`,
    `- Refusals: ${refusalsOf(spec)
      .filter((refusal) => !COMMON.has(refusal))
      .map((refusal) => `[${refusal}](errors.md#${refusal})`)
      .join(', ')}`,
  ];
  return lines.filter((line) => !line.endsWith(': ')).join('\n');
}

function resolve(parsed: Document, schema: Form): Form {
  if (schema.$ref === undefined) return schema;
  return parsed.components.schemas[nameOf(schema.$ref)] ?? schema;
}

function fieldTable(schema: Form): string {
  const fields = fieldsOf(schema);
  if (fields.length === 0) return '';
  return table(
    ['field', 'type', 'required', 'about'],
    fields.map(({ name, type, required, about }) => [
      code(name),
      type,
      required ? 'yes' : '',
      about,
    ]),
  );
}

function requestNames({ paths }: Document): string[] {
  return Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ requestBody }) => Object.values(requestBody?.content ?? {}))
    .flatMap(({ schema }) => (schema.$ref === undefined ? [] : [nameOf(schema.$ref)]));
}

/** Refusals that nearly every call may meet; named once, in the head. */
const COMMON = new Set([
  'invalid_parameter',
  'invalid_json',
  'unsupported_media_type',
  'body_too_large',
  'unauthenticated',
  'forbidden',
  'rate_limited',
  'internal',
  'unavailable',
  'idempotency_key_required',
  'idempotency_conflict',
  'idempotency_in_flight',
]);

const HEAD = `# API

JSON over HTTP under \`/v1\`. The same as a machine reads it: [openapi.json](openapi.json); a running
hub serves its own.

- **Keys.** \`Authorization: Bearer sk_test_…\` (a sandbox) or \`sk_live_…\` (production). Each call names
  the roles that may make it; nothing else may. What a key may not see answers 404.
- **Money.** \`amount\` is an integer in fen with \`currency\` beside it; only \`CNY\`.
- **Times** are RFC 3339 in UTC.
- **Unknown fields** and query parameters are refused, so a misspelt one is never ignored.
- **Idempotency-Key** (1 to 255 visible ASCII characters): the same key and body gives the same answer
  with \`Idempotent-Replayed: true\`; after a call to a wallet it gives the object as it is now. Another
  body is [idempotency_conflict](errors.md#idempotency_conflict); a copy while the first one runs is
  [idempotency_in_flight](errors.md#idempotency_in_flight). Secrets are shown once and are \`null\` in a
  replay. A key is kept for 30 days.
- **Lists** are \`{"object":"list","data":[],"has_more":false,"next_cursor":null}\`, newest first; pass
  \`next_cursor\` back as \`cursor\`.
- **Versions** are dates. A key is pinned to the one it was minted under; the header
  \`Hutong-Version\` overrides it.
- **Every answer** has a \`Request-Id\`.
- **Refusals that any call may meet:** [invalid_parameter](errors.md#invalid_parameter),
  [unauthenticated](errors.md#unauthenticated), [forbidden](errors.md#forbidden),
  [rate_limited](errors.md#rate_limited), [internal](errors.md#internal),
  [unavailable](errors.md#unavailable); with a body also [invalid_json](errors.md#invalid_json),
  [unsupported_media_type](errors.md#unsupported_media_type) and
  [body_too_large](errors.md#body_too_large).
`;
