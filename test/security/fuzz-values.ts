import { seededRandom } from '../../src/sandbox/faults.ts';
import type { JsonSchema } from './public-routes.ts';

/** A reproducible source of choices: the same seed makes the same request. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

export const HOSTILE_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '🀄🧧👩‍👩‍👧‍👦',
  '\u202e付款\u2066',
  '\ufeff',
  'é'.normalize('NFD').repeat(60),
  'A'.repeat(5_000),
  '茶'.repeat(300),
  "'; drop table payments; --",
  '${jndi:ldap://127.0.0.1/x}',
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  '%00%0d%0aSet-Cookie:x=1',
  '%s%n%d{}[]',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'NaN',
  '-1',
  '1e309',
  '0x10',
  '2026-02-30T25:61:61Z',
  '+275760-09-13T00:00:00.001Z',
  'http://[::1',
  'https://user:pass@host/',
  'javascript:alert(1)',
  'pay_0000000000000000000000000000',
  'pay_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZ',
] as const;

/** Written into the JSON text without quotes: numbers that no JavaScript value can be. */
const RAW_NUMBERS = ['1e999', '-1e999', '123456789012345678901234567890', '1e-400', '-0', '0.1'];
const RAW_MARK = 'RAW NUMBER ';

/** JSON text of a hostile value; the marks of raw numbers become the numbers. */
export function jsonOf(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.replaceAll(/"RAW NUMBER (\d+)"/g, (_all, nth: string) => {
    return RAW_NUMBERS[Number(nth)] ?? '0';
  });
}

const HOSTILE_NUMBERS = [0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e21, 1e308] as const;

export function hostileValue(dice: Dice, depth = 0): unknown {
  const kind = dice.below(depth > 3 ? 6 : 10);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return dice.chance(0.5);
    case 2:
      return dice.pick(HOSTILE_NUMBERS);
    case 3:
      return `${RAW_MARK}${dice.below(RAW_NUMBERS.length)}`;
    case 4:
    case 5:
      return dice.pick(HOSTILE_TEXTS);
    case 6:
      return Array.from({ length: dice.below(5) }, () => hostileValue(dice, depth + 1));
    case 7:
      return nested(dice, dice.pick([30, 200, 2_000]));
    default:
      return hostileObject(dice, depth);
  }
}

function hostileObject(dice: Dice, depth: number): unknown {
  const names = ['__proto__', 'constructor', 'id', '', 'amount', 'toJSON', 'then', 'a\u0000'];
  const members = Array.from({ length: 1 + dice.below(4) }, () => [
    names[dice.below(names.length)] ?? 'x',
    hostileValue(dice, depth + 1),
  ]);
  return Object.fromEntries(members);
}

function nested(dice: Dice, levels: number): unknown {
  let value: unknown = 1;
  const lists = dice.chance(0.5);
  for (let level = 0; level < levels; level += 1) value = lists ? [value] : { a: value };
  return value;
}

/** A value the schema would take, mostly: what gets past the door is where the faults are. */
export function sampleOf(dice: Dice, schema: JsonSchema, depth = 0): unknown {
  const choices = schema['enum'] ?? schema['anyOf'] ?? schema['oneOf'];
  if (schema['const'] !== undefined) return schema['const'];
  if (Array.isArray(choices) && choices.length > 0) {
    const chosen: unknown = choices[dice.below(choices.length)];
    return isSchema(chosen) ? sampleOf(dice, chosen, depth + 1) : chosen;
  }
  if (schema['example'] !== undefined) return schema['example'];
  switch (schema['type']) {
    case 'object':
      return sampleObject(dice, schema, depth);
    case 'array': {
      const { items } = schema;
      const length = dice.below(3);
      return isSchema(items) ? Array.from({ length }, () => sampleOf(dice, items, depth + 1)) : [];
    }
    case 'integer':
    case 'number':
      return 1 + dice.below(1_000);
    case 'boolean':
      return dice.chance(0.5);
    default:
      return schema['format'] === 'date-time' ? new Date(4e12).toISOString() : textFor(dice);
  }
}

function textFor(dice: Dice): string {
  return dice.pick(['tea', '茶', '🀄', 'http://127.0.0.1:9/x', 'https://shop.example/', 'a-1_B']);
}

function sampleObject(dice: Dice, schema: JsonSchema, depth: number): Record<string, unknown> {
  const { properties, required } = schema;
  if (!isSchema(properties) || depth > 6) return { [textFor(dice)]: textFor(dice) };
  const needed = Array.isArray(required) ? required.map(String) : [];
  const members = Object.entries(properties)
    .filter(([name]) => needed.includes(name) || dice.chance(0.6))
    .map(([name, member]) => [name, isSchema(member) ? sampleOf(dice, member, depth + 1) : 1]);
  return Object.fromEntries(members);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value with one place of it, somewhere, made hostile, doubled, dropped or joined. */
export function mutated(dice: Dice, value: unknown): unknown {
  if (Array.isArray(value) && value.length > 0 && dice.chance(0.8)) {
    const nth = dice.below(value.length);
    return value.map((entry: unknown, at) => (at === nth ? mutated(dice, entry) : entry));
  }
  if (!isSchema(value) || dice.chance(0.15)) return hostileValue(dice);
  const members = Object.entries(value);
  const nth = dice.below(members.length + 1);
  if (nth === members.length) {
    const name = dice.pick(['__proto__', 'extra', 'Amount', 'constructor', '\u0000']);
    return Object.fromEntries([...members, [name, hostileValue(dice)]]);
  }
  if (dice.chance(0.1)) return Object.fromEntries(members.filter((_member, at) => at !== nth));
  return Object.fromEntries(
    members.map(([name, member], at) => [name, at === nth ? mutated(dice, member) : member]),
  );
}
