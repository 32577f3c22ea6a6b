import { type Biz, GatewayRefusal } from '../api/biz.ts';

/** Nested parts of `biz_content`. */
const MAX_LINES = 300;

function isFields(value: unknown): value is Biz {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function invalidField(text: string): GatewayRefusal {
  return new GatewayRefusal('ACQ.INVALID_PARAMETER', `参数无效：${text}`);
}

export function fieldsOf(biz: Biz, name: string): Biz | undefined {
  const value = biz[name];
  if (value === undefined || value === null) return undefined;
  if (!isFields(value)) throw invalidField(`${name} 必须是对象 (must be an object)`);
  return value;
}

export function listOf(biz: Biz, name: string): readonly Biz[] {
  const value = biz[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > MAX_LINES || !value.every(isFields)) {
    throw invalidField(`${name} 必须是对象数组 (must be a list of objects)`);
  }
  return value;
}

/** True for `true` and `"true"`: both are seen in the field. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
