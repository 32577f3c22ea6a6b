/**
 * `respCode` says what became of a call, `origRespCode` (of a query) what became of the trade.
 * 00 to a debit means accepted, not paid. A6 is a success with a flaw in its record-keeping.
 * https://open.unionpay.com/ajweb/help/respCode/respCodeList
 */
export const RESP_CODES = {
  '00': '成功',
  A6: '有缺陷的成功',
  '01': '交易失败',
  '02': '系统未开放或暂时关闭',
  '03': '交易通讯超时，请发起查询交易',
  '04': '交易状态未明，请查询对账结果',
  '05': '交易已受理，请稍后查询交易结果',
  '06': '系统繁忙，请稍后再试',
  '10': '报文格式错误',
  '11': '验证签名失败',
  '12': '重复交易',
  '13': '报文交易要素缺失',
  '30': '交易未通过',
  '31': '商户状态不正确',
  '32': '无此交易权限',
  '33': '交易金额超限',
  '34': '查无此交易',
  '35': '原交易不存在或状态不正确',
  '36': '与原交易信息不符',
  '37': '已超过最大查询次数或操作过于频繁',
  '38': '银联风险受限',
  '39': '交易不在受理时间范围内',
  '43': '无此业务权限',
  '45': '原交易已被成功退货或已被成功撤销',
  '46': '交易已被成功冲正',
  '64': '卡上的余额不足',
  '65': '输入的密码有误',
  '67': '密码输入次数超限',
  '69': '输入超时，交易失败',
  '83': '发卡行处理中',
  '86': '二维码状态错误',
  '88': '无此二维码',
  '90': '账户余额不足',
  '98': '文件不存在',
  '99': '通用错误',
} as const;
export type RespCode = keyof typeof RESP_CODES;

const SUCCESS: readonly string[] = ['00', 'A6'];

/** The wallet itself does not know yet; only asking again decides. */
const UNDECIDED: readonly string[] = ['03', '04', '05', '06', '83', '99'];

export function isSuccess(code: string): boolean {
  return SUCCESS.includes(code);
}

export function isUndecided(code: string): boolean {
  return UNDECIDED.includes(code);
}
