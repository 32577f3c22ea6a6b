import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { isWireObject, type WireObject } from '../../../protocols/wechat-pay/messages.ts';
import { parameterError } from './refusal.ts';

/**
 * Checks request bodies field by field and answers with the PARAM_ERROR of the real gateway: a
 * JSON pointer, the value, and a sentence that names the rule. Fields that no rule names are
 * refused, and so are null and characters beyond the basic plane (emoji).
 */
interface Common {
  /** The field's Chinese name, as it appears in the message. */
  readonly label: string;
  readonly required?: boolean;
}

export type Field =
  | (Common & {
      readonly type: 'string';
      readonly min?: number;
      readonly max: number;
      readonly pattern?: RegExp;
    })
  | (Common & { readonly type: 'integer'; readonly min: number; readonly max: number })
  | (Common & { readonly type: 'boolean' })
  | (Common & { readonly type: 'object'; readonly fields: Fields })
  | (Common & { readonly type: 'array'; readonly max: number; readonly item: Field });

export type Fields = Readonly<Record<string, Field>>;

interface Place {
  readonly field: Field;
  readonly pointer: string;
}

/** Throws the refusal of the first field that breaks its rule. */
export function checkFields(fields: Fields, body: WireObject, pointer = ''): void {
  for (const name of Object.keys(body)) {
    if (!Object.hasOwn(fields, name)) throw unknownField(`${pointer}/${name.slice(0, 64)}`);
  }
  for (const [name, field] of Object.entries(fields)) {
    const place = { field, pointer: `${pointer}/${name}` };
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (value !== undefined) checkValue(place, value);
    else if (field.required) throw broken(place, undefined, '必填校验失败，字段缺失', 'missing');
  }
}

function checkValue(place: Place, value: unknown): void {
  const { field, pointer } = place;
  switch (field.type) {
    case 'string':
      return checkText(place, field, value);
    case 'integer':
      return checkInteger(place, field, value);
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(place, value, '布尔');
      return;
    case 'object':
      if (!isWireObject(value)) throw wrongType(place, value, '对象');
      return checkFields(field.fields, value, pointer);
    case 'array':
      if (!Array.isArray(value)) throw wrongType(place, value, '数组');
      if (value.length > field.max) {
        const rule = `数组规则校验失败，元素数 ${value.length}，大于最大值 ${field.max}`;
        throw broken(place, value.length, rule, 'too many items');
      }
      for (const [index, item] of value.entries()) {
        checkValue({ field: field.item, pointer: `${pointer}/${index}` }, item);
      }
      return;
    default:
      field satisfies never;
  }
}

function checkText(place: Place, field: Field & { type: 'string' }, value: unknown): void {
  if (typeof value !== 'string') throw wrongType(place, value, '字符串');
  if (/[\u{10000}-\u{10ffff}\ud800-\udfff]/u.test(value)) {
    throw broken(place, value, '字符串规则校验失败，含有 4 字节字符', 'four-byte character');
  }
  const { length } = value;
  const min = field.min ?? 1;
  if (length < min) {
    const rule = `字符串规则校验失败，字节数 ${length}，小于最小值 ${min}`;
    throw broken(place, value, rule, 'too short');
  }
  if (length > field.max) {
    const rule = `字符串规则校验失败，字节数 ${length}，大于最大值 ${field.max}`;
    throw broken(place, value, rule, 'too long');
  }
  if (field.pattern && !field.pattern.test(value)) {
    throw broken(place, value, '字符串规则校验失败，格式不符', 'pattern mismatch');
  }
}

function checkInteger(place: Place, field: Field & { type: 'integer' }, value: unknown): void {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw wrongType(place, value, '整型');
  }
  if (value < field.min) {
    throw broken(place, value, `数值规则校验失败，小于最小值 ${field.min}`, 'too small');
  }
  if (value > field.max) {
    throw broken(place, value, `数值规则校验失败，大于最大值 ${field.max}`, 'too large');
  }
}

function broken(place: Place, value: unknown, rule: string, issue: string) {
  const shown = typeof value === 'string' ? value.slice(0, 128) : value;
  return parameterError({
    field: place.pointer,
    ...(shown === undefined ? {} : { value: shown }),
    issue,
    location: 'body',
    message: `输入源“/body${place.pointer}”映射到值字段“${place.field.label}”${rule}`,
  });
}

function wrongType(place: Place, value: unknown, wanted: string) {
  const shown = typeof value === 'object' ? undefined : value;
  return broken(place, shown, `类型校验失败，应为${wanted}`, 'wrong type');
}

function unknownField(pointer: string) {
  return parameterError({
    field: pointer,
    issue: 'unknown field',
    location: 'body',
    message: `请求中含有未在API文档中定义的参数“${pointer}”`,
    internal: INTERNAL_CODE.extra_parameters,
  });
}
