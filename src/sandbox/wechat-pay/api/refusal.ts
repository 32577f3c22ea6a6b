import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';

/** An error answer: HTTP status, wire code and the internal code that ends its Request-ID. */
export class WechatPayRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly internal: string;
  readonly detail: object | undefined;

  constructor(status: number, code: string, internal: string, message: string, detail?: object) {
    super(message);
    this.name = 'WechatPayRefusal';
    this.status = status;
    this.code = code;
    this.internal = internal;
    this.detail = detail;
  }
}

export interface ParameterIssue {
  /** JSON pointer, e.g. `/amount/total`. */
  readonly field: string;
  readonly value?: unknown;
  readonly issue: string;
  readonly location: 'body' | 'url' | 'query' | 'header';
  readonly message: string;
  readonly internal?: string;
}

export function parameterError(issue: ParameterIssue): WechatPayRefusal {
  const { message, internal, ...detail } = issue;
  return new WechatPayRefusal(
    400,
    'PARAM_ERROR',
    internal ?? INTERNAL_CODE.bad_parameter,
    message,
    detail,
  );
}

export function orderNotFound(): WechatPayRefusal {
  return new WechatPayRefusal(404, 'ORDER_NOT_EXIST', INTERNAL_CODE.order_not_found, '订单不存在');
}

export function otherParameters(message: string): WechatPayRefusal {
  const internal = INTERNAL_CODE.reentry_other_parameters;
  return new WechatPayRefusal(400, 'INVALID_REQUEST', internal, message);
}

export function invalidRequest(message: string, internal: string): WechatPayRefusal {
  return new WechatPayRefusal(400, 'INVALID_REQUEST', internal, message);
}

export function systemError(): WechatPayRefusal {
  return new WechatPayRefusal(
    500,
    'SYSTEM_ERROR',
    INTERNAL_CODE.system_error,
    '系统异常，请用相同参数重新调用',
  );
}
