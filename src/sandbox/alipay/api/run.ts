import { fromYuan, toYuan } from '../../../money.ts';
import type { Code } from '../../../protocols/alipay/codes.ts';
import type { Alipay } from '../books.ts';
import type { Call } from '../trade/orders.ts';
import { GatewayRefusal } from './biz.ts';
import { ClassAnswer, type Method } from './method.ts';
import type { Passage } from './passage.ts';

/** Runs a proven call of a method; what happened is durable before anybody hears of it. */
export interface Done {
  readonly code: Code;
  readonly fields: Readonly<Record<string, unknown>>;
}

function checkRate(alipay: Alipay, call: Call, method: Method): void {
  const { options, rates } = alipay;
  if (!options.rate_limits || method.per_second === undefined) return;
  const now = options.clock.real().getTime();
  const { call: operation, per_second } = method;
  if (!rates.take({ app_id: call.app.app_id, operation, per_second, now })) {
    throw new GatewayRefusal('isv.method-call-limited');
  }
}

export async function runMethod(call: Call, method: Method, passage: Passage): Promise<Done> {
  const { alipay } = call;
  // What business time has brought about is there before the call looks.
  alipay.agenda.advance();
  checkRate(alipay, call, method);
  if (method.certificate_only && call.app.certificate_sn === null) {
    throw new GatewayRefusal('isv.missing-app-cert-sn');
  }
  const answer = await method.run(call);
  const code: Code = answer instanceof ClassAnswer ? answer.code : '10000';
  const given = answer instanceof ClassAnswer ? answer.fields : answer;
  const fields = withWrongAmount(method, given, passage);
  await committed(alipay);
  return { code, fields };
}

export async function committed(alipay: Alipay): Promise<void> {
  try {
    await alipay.options.store.committed();
  } catch (cause) {
    throw new GatewayRefusal('isp.unknow-error', `系统繁忙 (${String(cause)})`);
  }
}

/** A query of a payment that states another amount than was ordered. */
function withWrongAmount(
  method: Method,
  fields: Readonly<Record<string, unknown>>,
  passage: Passage,
): Readonly<Record<string, unknown>> {
  const amount = fields['total_amount'];
  if (method.call !== 'alipay.trade.query' || typeof amount !== 'string') return fields;
  passage.meet(fields);
  if (!passage.strikes('answer_wrong_amount')) return fields;
  return { ...fields, total_amount: oneFenMore(amount) };
}

export function oneFenMore(yuan: string): string {
  return toYuan((fromYuan(yuan) ?? 0n) + 1n);
}

export function refusalOf(error: unknown): GatewayRefusal {
  return error instanceof GatewayRefusal ? error : new GatewayRefusal('isp.unknow-error');
}
