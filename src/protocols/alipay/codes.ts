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
  'aop.unknow-error': { code: '20000', message: '服务暂不可用（网关自身的未知错误）' },
  'aop.invalid-auth-token': { code: '20001', message: '无效的访问令牌' },
  'aop.auth-token-time-out': { code: '20001', message: '访问令牌已过期' },
  'aop.invalid-app-auth-token': { code: '20001', message: '无效的应用授权令牌' },
  'aop.invalid-app-auth-token-no-api': { code: '20001', message: '商户未授权当前接口' },
  'aop.app-auth-token-time-out': { code: '20001', message: '应用授权令牌已过期' },
  'isv.missing-method': { code: '40001', message: '缺少方法名参数' },
  'isv.missing-signature': { code: '40001', message: '缺少签名参数' },
  'isv.missing-signature-type': { code: '40001', message: '缺少签名类型参数' },
  'isv.missing-app-id': { code: '40001', message: '缺少appId参数' },
  'isv.missing-timestamp': { code: '40001', message: '缺少时间戳参数' },
  'isv.missing-version': { code: '40001', message: '缺少版本参数' },
  'isv.decryption-error-missing-encrypt-type': {
    code: '40001',
    message: '解密出错，未指定加密算法',
  },
  'isv.missing-app-cert-sn': { code: '40002', message: '缺少应用公钥证书序列号' },
  'isv.missing-alipay-root-cert-sn': { code: '40002', message: '缺少支付宝根证书序列号' },
  'isv.app-cert-not-exist': { code: '40002', message: '应用公钥证书不存在' },
  'isv.app-cert-expired': { code: '40002', message: '应用公钥证书已过期' },
  'isv.alipay-cert-not-exist': { code: '40002', message: '支付宝公钥证书不存在' },
  'isv.invalid-alipay-root-cert-sn': { code: '40002', message: '无效的支付宝根证书序列号' },
  'isv.invalid-encrypt-type': { code: '40002', message: '无效的加密类型' },
  'isv.decryption-error-unknown': { code: '40002', message: '解密出错，未知错误' },
  'isv.illegal-json': { code: '40002', message: 'JSON格式错误' },
  'isv.invalid-content-type': { code: '40002', message: '无效的Content-Type' },
  'isv.invalid-http-method': { code: '40002', message: '无效的HTTP方法' },
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
  'isv.app-auth-code-invalid': { code: '40002', message: '应用授权码无效' },
  'isv.missing-signature-config': {
    code: '40003',
    message: '验签出错，未配置对应签名算法的公钥或者证书',
  },
  'isv.app-call-limited': { code: '40005', message: '应用调用次数超限' },
  'isv.method-call-limited': { code: '40005', message: 'API调用次数超限' },
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
  'ACQ.PAYMENT_AUTH_CODE_INVALID': {
    code: '40004',
    message: '支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款',
  },
  'ACQ.BUYER_BALANCE_NOT_ENOUGH': { code: '40004', message: '买家余额不足' },
  'ACQ.TRADE_SETTLE_ERROR': { code: '40004', message: '交易结算异常' },
  'ACQ.ILLEGAL_SETTLE_STATE': { code: '40004', message: '交易状态不允许结算或分账' },
  'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR': { code: '40004', message: '分账金额超过最大可分账金额' },
  'ACQ.ROYALTY_RECEIVER_INVALID': { code: '40004', message: '收入方不在分账关系内' },
  'ACQ.RECEIVER_LIST_EMPTY': { code: '40004', message: '分账收款方列表为空' },
  'ACQ.INVALID_RECEIVER_TYPE': { code: '40004', message: '分账收款方类型参数非法' },
  'ACQ.RELATION_QUANTITY_LIMIT': { code: '40004', message: '达到分账关系集数量上限' },
  'ACQ.USER_NOT_EXIST': { code: '40004', message: '分账接收方不存在' },
  'ACQ.TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH': { code: '40004', message: '分账余额不足' },
  'ACQ.PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID': {
    code: '40004',
    message: '二级商户编码为空',
  },
  'ACQ.SECONDARY_MERCHANT_ID_INVALID': { code: '40004', message: '二级商户不存在' },
  'ACQ.SECONDARY_MERCHANT_NOT_MATCH': { code: '40004', message: '二级商户信息不匹配' },
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': { code: '40004', message: '卖家余额不足' },
} as const satisfies Record<string, SubCode>;
export type SubCodeName = keyof typeof SUB_CODES;
