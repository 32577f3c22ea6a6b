import { z } from 'zod';
import type { SandboxAction } from './actions.ts';

/** An action as a form: one field for each member of its input. */
export interface ActionField {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'choice' | 'yes_no' | 'json';
  readonly required: boolean;
  readonly choices: readonly string[];
  /** What the schema says of it, e.g. a default. */
  readonly hint: string;
}

const property = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.union([z.string(), z.number()])).optional(),
  const: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
});
const schema = z.object({
  properties: z.record(z.string(), property).default({}),
  required: z.array(z.string()).default([]),
});

/** The JSON schema of an action's input, for scripts. */
export function inputSchema({ input }: SandboxAction): object {
  return z.toJSONSchema(input, { unrepresentable: 'any', io: 'input' });
}

export function fieldsOf(action: SandboxAction): ActionField[] {
  const parsed = schema.safeParse(inputSchema(action));
  // An input of several shapes is typed as a whole.
  if (!parsed.success || !('properties' in inputSchema(action))) {
    const bare = Object.keys(inputSchema(action)).some((key) => ['anyOf', 'oneOf'].includes(key));
    return bare ? [{ name: '', kind: 'json', required: true, choices: [], hint: '' }] : [];
  }
  const { properties, required } = parsed.data;
  return Object.entries(properties).map(([name, of]) => ({
    name,
    kind: kindOf(of),
    required: required.includes(name),
    choices: (of.enum ?? (of.const === undefined ? [] : [of.const])).map(String),
    hint: hintOf(of),
  }));
}

function kindOf(of: z.infer<typeof property>): ActionField['kind'] {
  if (of.enum !== undefined || of.const !== undefined) return 'choice';
  switch (of.type) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'yes_no';
    default:
      return 'json';
  }
}

function hintOf(of: z.infer<typeof property>): string {
  const standard = of.default === undefined ? '' : `= ${JSON.stringify(of.default)}`;
  return [of.description, standard].filter(Boolean).join(' ');
}

/** What a form sent, as the action takes it; an empty field is left out. Throws SyntaxError. */
export function inputOf(action: SandboxAction, form: URLSearchParams): unknown {
  const fields = fieldsOf(action);
  const [whole] = fields;
  if (whole?.name === '') return JSON.parse(form.get('') ?? '');
  return Object.fromEntries(
    fields.flatMap((field) => {
      const text = (form.get(field.name) ?? '').trim();
      return text === '' ? [] : [[field.name, parsedValue(field, text)]];
    }),
  );
}

function parsedValue({ kind, choices }: ActionField, text: string): unknown {
  switch (kind) {
    case 'number':
      return Number(text);
    case 'yes_no':
      return text === 'true';
    case 'json':
      return JSON.parse(text);
    case 'choice':
    case 'text':
      return choices.length > 0 && !choices.includes(text) ? undefined : text;
    default:
      return kind satisfies never;
  }
}
