import type { CoveredCall } from '../../coverage.ts';
import type { Call } from '../trade/orders.ts';

/** One method of the gateway; `call` is its dotted name. */
export interface Method extends CoveredCall {
  /**
   * The same call in OpenAPI v3, e.g. `POST /v3/alipay/trade/query`; absent where v3 has none
   * (pages).
   */
  readonly v3?: string;
  /** Calls a second that the wallet allows one application. */
  readonly per_second?: number;
  /** Refused with isv.missing-app-cert-sn unless the application is in certificate mode. */
  readonly certificate_only?: true;
  /** The answer carries no `code` and no `msg`, as the token calls do. */
  readonly bare?: true;
  /** The answer of gateway.do is not signed. */
  readonly unsigned?: true;
  /** The fields of the answer beside `code` and `msg`; throws a GatewayRefusal. */
  readonly run: (call: Call) => MethodAnswer | Promise<MethodAnswer>;
}

/** An answer that is a success of another class than 10000, e.g. 10003 (payment in process). */
export class ClassAnswer {
  readonly code: '10003';
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(code: ClassAnswer['code'], fields: Readonly<Record<string, unknown>>) {
    this.code = code;
    this.fields = fields;
  }
}

export type MethodAnswer = Readonly<Record<string, unknown>> | ClassAnswer;
