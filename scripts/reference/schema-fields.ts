import { z } from 'zod';

/** The parts of a JSON schema that the API page shows. */
export interface Form {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly format?: string | undefined;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly items?: Form | undefined;
  readonly properties?: Readonly<Record<string, Form>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly anyOf?: readonly Form[] | undefined;
  readonly oneOf?: readonly Form[] | undefined;
  readonly allOf?: readonly Form[] | undefined;
}

export const form: z.ZodType<Form> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    format: z.string().optional(),
    description: z.string().optional(),
    default: z.unknown().optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    maxLength: z.number().optional(),
    maxItems: z.number().optional(),
    items: form.optional(),
    properties: z.record(z.string(), form).optional(),
    required: z.array(z.string()).optional(),
    anyOf: z.array(form).optional(),
    oneOf: z.array(form).optional(),
    allOf: z.array(form).optional(),
  }),
);

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly about: string;
}

/** The members of an object, nested ones as `order.items[].name`. */
export function fieldsOf(schema: Form, prefix = ''): Field[] {
  const { properties = {}, required = [], allOf = [] } = schema;
  const own = Object.entries(properties).flatMap(([name, member]): Field[] => {
    const path = prefix + name;
    const field = { name: path, type: typeOf(member), required: required.includes(name) };
    const inner = innerOf(member);
    const nested = inner ? fieldsOf(inner, `${path}${isList(member) ? '[]' : ''}.`) : [];
    return [{ ...field, about: aboutOf(member) }, ...nested];
  });
  return [...own, ...allOf.flatMap((part) => fieldsOf(part, prefix))];
}

function isList(schema: Form): boolean {
  return [schema.type].flat().includes('array');
}

function innerOf(schema: Form): Form | undefined {
  if (schema.properties) return schema;
  if (schema.items) return innerOf(schema.items);
  const options = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const inside = options.map(innerOf).filter((option) => option !== undefined);
  return inside.length === 1 ? inside[0] : undefined;
}

export function typeOf(schema: Form): string {
  if (schema.$ref !== undefined) return nameOf(schema.$ref);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(', ');
  const options = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (options.length > 0) return [...new Set(options.map(typeOf))].join(' or ');
  const types = [schema.type ?? 'any'].flat();
  const shown = types.map((type) => {
    if (type === 'array' && schema.items) return `list of ${typeOf(schema.items)}`;
    return type === 'string' && schema.format ? schema.format : type;
  });
  return shown.join(' or ');
}

/** `#/components/schemas/Payment` → `Payment`. */
export function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}

function aboutOf(schema: Form): string {
  const { description, minimum, maximum, maxLength, maxItems } = schema;
  const range = maximum !== undefined && maximum < 1e15 ? `${minimum ?? 0} to ${maximum}` : '';
  return [
    description ?? '',
    range,
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
    maxItems === undefined ? '' : `at most ${maxItems}`,
    schema.default === undefined ? '' : `default ${JSON.stringify(schema.default)}`,
  ]
    .filter((part) => part !== '')
    .join('; ');
}
