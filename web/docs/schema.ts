/** The little of an OpenAPI 3.1 document that the reference page reads. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly additionalProperties?: boolean | Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema?: Schema;
  readonly description?: string;
}

interface Content {
  readonly description?: string;
  readonly content?: { readonly 'application/json'?: { readonly schema?: Schema } };
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

export interface ApiDocument {
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description?: string;
  };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** One row of a body's table. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly note: string;
}

const MAX_DEPTH = 5;

function resolve(document: ApiDocument, schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (document.components?.schemas?.[name] ?? {});
}

/** A body's fields in order, nested ones with their path: `order.items[].name`. */
export function fieldsOf(
  document: ApiDocument,
  given: Schema | undefined,
  prefix = '',
  depth = 0,
): Field[] {
  if (!given || depth > MAX_DEPTH) return [];
  const schema = resolve(document, given);
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const name = `${prefix}${key}`;
    const field = {
      name,
      type: typeOf(document, value),
      required: required.has(key),
      note: noteOf(resolve(document, value)),
    };
    return [field, ...nested(document, value, name, depth)];
  });
}

function nested(document: ApiDocument, value: Schema, name: string, depth: number): Field[] {
  const own = resolve(document, value);
  const object = own.properties ? own : (own.anyOf ?? []).find((part) => part.properties);
  if (object) return fieldsOf(document, object, `${name}.`, depth + 1);
  if (own.items) return fieldsOf(document, own.items, `${name}[].`, depth + 1);
  return [];
}

function typeOf(document: ApiDocument, given: Schema): string {
  const named = given.$ref?.split('/').at(-1);
  const schema = resolve(document, given);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts) return parts.map((part) => typeOf(document, part)).join(' | ');
  if (schema.items) return `${typeOf(document, schema.items)}[]`;
  const type = typeof schema.type === 'string' ? schema.type : (schema.type ?? []).join(' | ');
  return named ?? (type === '' ? 'any' : type);
}

function noteOf(schema: Schema): string {
  const notes = [schema.description ?? ''];
  if (schema.maxLength !== undefined) notes.push(`at most ${schema.maxLength} characters`);
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    notes.push(`${schema.minimum} to ${schema.maximum}`);
  }
  return notes.filter((note) => note !== '').join(' · ');
}
