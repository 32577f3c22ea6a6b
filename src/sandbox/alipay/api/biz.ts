import { fromYuan, MAX_AMOUNT } from '../../../money.ts';
import { CODES, SUB_CODES, type SubCodeName } from '../../../protocols/alipay/codes.ts';

/** A no of the gateway: signed and sent like any other answer, with HTTP 200. */
export class GatewayRefusal extends Error {
  readonly sub_code: SubCodeName;
  /** Fields that the wallet echoes beside the error. */
  readonly echo: Readonly<Record<string, string>>;

  constructor(
    sub_code: SubCodeName,
    sub_msg?: string,
    echo: Readonly<Record<string, string>> = {},
  ) {
    super(sub_msg ?? SUB_CODES[sub_code].message);
    this.sub_code = sub_code;
    this.echo = echo;
  }

  answer(): Record<string, string> {
    const { code } = SUB_CODES[this.sub_code];
    return { code, msg: CODES[code], sub_code: this.sub_code, sub_msg: this.message, ...this.echo };
  }
}

export type Biz = Readonly<Record<string, unknown>>;

function invalid(name: string, problem: string): GatewayRefusal {
  return new GatewayRefusal('ACQ.INVALID_PARAMETER', `参数无效：${name} ${problem}`);
}

interface TextRule {
  readonly max: number;
  readonly pattern?: RegExp;
}

export function optionalText(biz: Biz, name: string, rule: TextRule): string | undefined {
  const value = biz[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw invalid(name, '必须是字符串 (must be a string)');
  if (value.length > rule.max) throw invalid(name, `超过${rule.max}个字符 (too long)`);
  if (rule.pattern && !rule.pattern.test(value)) throw invalid(name, '格式错误 (wrong format)');
  return value;
}

export function requiredText(biz: Biz, name: string, rule: TextRule): string {
  const value = optionalText(biz, name, rule);
  if (value === undefined) throw invalid(name, '不能为空 (is missing)');
  return value;
}

/** Yuan with at most two decimals, as text or as a JSON number, 0.01 to 100,000,000; fen. */
export function requiredAmount(biz: Biz, name: string): bigint {
  const value = biz[name];
  if (value === undefined || value === null || value === '')
    throw invalid(name, '不能为空 (is missing)');
  const amount = fromYuan(
    typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '',
  );
  if (amount === undefined || amount <= 0n) {
    throw invalid(name, '须为大于0且不超过两位小数的元金额 (yuan, two decimals, above 0)');
  }
  if (amount > MAX_AMOUNT) throw new GatewayRefusal('ACQ.TOTAL_FEE_EXCEED');
  return amount;
}

const NUMBER = { max: 64, pattern: /^[A-Za-z0-9_]+$/ } as const;

export function requiredNumber(biz: Biz, name: string): string {
  return requiredText(biz, name, NUMBER);
}

export function optionalNumber(biz: Biz, name: string): string | undefined {
  return optionalText(biz, name, NUMBER);
}

/** `trade_no` wins over `out_trade_no`; one of them must be there. */
export function tradeNames(biz: Biz): {
  trade_no: string | undefined;
  out_trade_no: string | undefined;
} {
  const trade_no = optionalNumber(biz, 'trade_no');
  const out_trade_no = optionalNumber(biz, 'out_trade_no');
  if (trade_no === undefined && out_trade_no === undefined) {
    throw invalid('out_trade_no/trade_no', '不能同时为空 (one of them is required)');
  }
  return { trade_no, out_trade_no };
}

/** True when `query_options` asks for this part. */
export function asksFor(biz: Biz, option: string): boolean {
  const options = biz['query_options'];
  return Array.isArray(options) && options.includes(option);
}
