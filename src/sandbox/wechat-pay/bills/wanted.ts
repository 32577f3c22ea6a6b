import { type BusinessDate, businessDate } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { readBusinessDate, spanOfDay } from '../../days.ts';
import { parameterError, WechatPayRefusal } from '../api/refusal.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';

/**
 * What a bill call asks for, and when there is such a bill: made from ten o'clock of the next day
 * on, kept for three months. Before ten it is being made; for a day without a line, and for a day
 * that is not over, there is none.
 */
const READY_HOUR_MS = 10 * 3_600_000;
const KEPT_DAYS = 92;
const DAY_MS = 86_400_000;

export function queryText(
  query: URLSearchParams,
  name: string,
  rule: { label: string; values?: readonly string[]; required?: boolean },
): string | undefined {
  const value = query.get(name) ?? undefined;
  if (value === undefined && !rule.required) return undefined;
  if (value !== undefined && (!rule.values || rule.values.includes(value))) return value;
  throw parameterError({
    field: `/query/${name}`,
    ...(value === undefined ? {} : { value: value.slice(0, 64) }),
    issue: value === undefined ? 'missing' : 'unknown value',
    location: 'query',
    message: `输入源“/query/${name}”映射到值字段“${rule.label}”校验失败`,
  });
}

export function wantedDate(query: URLSearchParams): BusinessDate {
  const text = queryText(query, 'bill_date', { label: '账单日期', required: true }) ?? '';
  const date = readBusinessDate(text);
  if (date !== undefined) return date;
  throw parameterError({
    field: '/query/bill_date',
    value: text.slice(0, 32),
    issue: 'not a date YYYY-MM-DD',
    location: 'query',
    message: '输入源“/query/bill_date”映射到值字段“账单日期”格式应为YYYY-MM-DD',
  });
}

/** True when `tar_type` asks for compression. */
export function wantsGzip(query: URLSearchParams): boolean {
  const type = queryText(query, 'tar_type', { label: '压缩类型', values: ['GZIP'] });
  return type === 'GZIP';
}

/** A seller of this very partner or platform; throws NO_AUTH for any other number. */
export function wantedSeller(
  context: SandboxContext,
  merchant: Merchant,
  query: URLSearchParams,
  required = false,
): string | undefined {
  const sub_mchid = queryText(query, 'sub_mchid', { label: '子商户号', required });
  if (sub_mchid === undefined) return undefined;
  if (context.sub_merchants.get(sub_mchid)?.sp_mchid !== merchant.mchid) {
    throw noAuthority('权限异常：无该子商户账单的权限');
  }
  return sub_mchid;
}

export function noAuthority(message: string): WechatPayRefusal {
  return new WechatPayRefusal(403, 'NO_AUTH', INTERNAL_CODE.merchant_mismatch, message);
}

export function noStatement(): WechatPayRefusal {
  const message = '账单文件不存在，请检查当前商户号是否在指定日期有交易或退款发生';
  return new WechatPayRefusal(400, 'NO_STATEMENT_EXIST', INTERNAL_CODE.bad_parameter, message);
}

/** Throws when there can be no bill of this day now; `operation` is the fault dial's. */
export function checkReady(context: SandboxContext, date: BusinessDate, operation: string): void {
  const now = context.clock.now();
  const { to } = spanOfDay(date);
  const { from: today } = spanOfDay(businessDate(now));
  if (now.getTime() < to || to < today - KEPT_DAYS * DAY_MS) throw noStatement();
  const early = now.getTime() < to + READY_HOUR_MS;
  if (early || context.faults.strikes('bill_late', { operation })) {
    const message = '请求的账单正在生成中，请在次日上午10点后再下载';
    const internal = INTERNAL_CODE.bad_parameter;
    throw new WechatPayRefusal(400, 'STATEMENT_CREATING', internal, message);
  }
}
