/**
 * Answer codes of the gateway. `code` is the class, `sub_code` the reason.
 * https://opendocs.alipay.com/common/02km9f
 */
export const CODES = {
  '10000': 'Success',
  '10003': 'Order success pay inprocess',
  '20000': 'Service Currently Unavailable',
  '20001': 'Insufficient Token Permissions',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40003': 'Conditional Parameter Exception',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
  '40006': 'Insufficient Permissions',
} as const;
export type Code = keyof typeof CODES;

interface SubCode {
  readonly code: Code;
  /** What the wallet tells the developer. */
  readonly message: string;
}

export const SUB_CODES = {
  'isp.unknow-error': { code: '20000', message: '系统繁忙' },
  'isv.missing-method': { code: '40001', message: '缺少方法名参数' },
  'isv.missing-signature': { code: '40001', message: '缺少签名参数' },
  'isv.missing-signature-type': { code: '40001', message: '缺少签名类型参数' },
  'isv.missing-app-id': { code: '40001', message: '缺少appId参数' },
  'isv.missing-timestamp': { code: '40001', message: '缺少时间戳参数' },
  'isv.missing-version': { code: '40001', message: '缺少版本参数' },
  'isv.invalid-parameter': { code: '40002', message: '参数无效' },
  'isv.invalid-method': { code: '40002', message: '不存在的方法名' },
  'isv.invalid-format': { code: '40002', message: '无效的数据格式' },
  'isv.invalid-signature-type': { code: '40002', message: '无效的签名类型' },
  'isv.invalid-signature': { code: '40002', message: '验签出错' },
  'isv.invalid-app-id': { code: '40002', message: '无效的AppID参数' },
  'isv.invalid-timestamp': { code: '40002', message: '非法的时间戳参数' },
  'isv.invalid-charset': { code: '40002', message: '字符集错误' },
  'isv.code-invalid': { code: '40002', message: '授权码code无效' },
  'isv.refresh-token-invalid': { code: '40002', message: '刷新令牌refresh_token无效' },
  'isv.grant-type-invalid': { code: '40002', message: '授权类型grant_type无效' },
  'isv.insufficient-isv-permissions': { code: '40006', message: 'ISV权限不足' },
  'ACQ.SYSTEM_ERROR': { code: '40004', message: '系统错误' },
  'ACQ.INVALID_PARAMETER': { code: '40004', message: '参数无效' },
  'ACQ.TRADE_NOT_EXIST': { code: '40004', message: '交易不存在' },
  'ACQ.TRADE_HAS_SUCCESS': { code: '40004', message: '交易已被支付' },
  'ACQ.TRADE_HAS_CLOSE': { code: '40004', message: '交易已经关闭' },
  'ACQ.TRADE_HAS_FINISHED': { code: '40004', message: '交易已完结' },
  'ACQ.TRADE_STATUS_ERROR': { code: '40004', message: '交易状态不合法' },
  'ACQ.TRADE_BUYER_NOT_MATCH': { code: '40004', message: '交易买家不匹配' },
  'ACQ.CONTEXT_INCONSISTENT': { code: '40004', message: '交易信息被篡改' },
  'ACQ.BUYER_SELLER_EQUAL': { code: '40004', message: '买卖家不能相同' },
  'ACQ.BUYER_NOT_EXIST': { code: '40004', message: '买家不存在' },
  'ACQ.TOTAL_FEE_EXCEED': { code: '40004', message: '订单总金额超过限额' },
  'ACQ.TRADE_CANCEL_TIME_OUT': { code: '40004', message: '撤销时间超过限制' },
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': {
    code: '40004',
    message: '退款金额与订单总金额不一致，部分退款须传入out_request_no',
  },
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': { code: '40004', message: '退款金额无效' },
  'ACQ.DISCORDANT_REPEAT_REQUEST': { code: '40004', message: '重复请求的参数不一致' },
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': { code: '40004', message: '卖家余额不足' },
} as const satisfies Record<string, SubCode>;
export type SubCodeName = keyof typeof SUB_CODES;
