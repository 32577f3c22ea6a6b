import type { Fault } from '../../src/sandbox/faults.ts';
import type { ConfirmOutcome, PhoneRefusal, WalletTransaction } from '../../src/sandbox/sandbox.ts';
import type { Words } from '../design/language.ts';
import { FAULT_WORDS_EN, FAULT_WORDS_ZH } from './fault-words.ts';

const en = {
  title: 'Sandbox phone',
  skip: 'Skip to main content',
  about: 'A phone for trying payments. No real money moves; the wallets on it are sandboxes.',
  whose: 'Whose phone',
  which: 'Wallet',
  balance: 'Balance',
  scan: 'Scan',
  scan_label: 'Code or link to pay',
  scan_help: 'Paste what a QR code holds, or use “Open on the sandbox phone” beside a code.',
  scan_button: 'Scan with {wallet}',
  scan_any: 'Scan: find the wallet by the code',
  code_ready: 'A code is in front of the camera',
  pay_title: 'Confirm the payment',
  pay_to: 'To {payee}',
  pay_from: 'From {person}, {wallet}',
  password: '6-digit password',
  password_help: 'Any six digits work; 000000 is the wrong one.',
  pay_button: 'Pay {amount}',
  cancel: 'Do not pay',
  delete_digit: 'Delete the last digit',
  paid_title: 'Payment successful',
  paid_next: 'The shop is being told. You can look at the page where the code was shown.',
  cancelled_title: 'Not paid',
  cancelled_next: 'Nothing was taken. The code can be scanned again while it lives.',
  done: 'Done',
  history: 'Payments of {person}',
  history_none: 'No payments yet. Scan a code to make the first.',
  history_paid: 'Paid',
  history_refunded: 'Refunded',
  history_partially_refunded: '{amount} refunded',
  history_closed: 'Closed',
  history_waiting: 'Waiting',
  clock: 'Clock',
  clock_now: '{time} (China time)',
  clock_real: 'Runs with real time.',
  clock_ahead: '{ahead} ahead of real time.',
  clock_help: 'Moves hub and wallets together: orders expire, codes die. It never goes back.',
  clock_2h: '+ 2 hours',
  clock_1d: '+ 1 day',
  clock_15m: '+ 15 minutes',
  duration: '{days} d {hours} h {minutes} min',
  faults: 'Faults of {wallet}',
  faults_help: 'What goes wrong at this wallet from now on.',
  fault_off: 'Off',
  fault_once: 'Next time',
  fault_some: '20 %',
  fault_always: 'Always',
  fault_set: 'Set',
  fault_custom: 'Set by a script',
  ...FAULT_WORDS_EN,
  error_unknown_code: 'No wallet here knows this code. Check that it was copied whole.',
  error_code_expired: 'This code has expired. Show a new one and scan that.',
  error_order_closed: 'The shop has closed this order.',
  error_order_paid: 'This order is paid already.',
  error_other_payer: 'Somebody else is paying this order.',
  error_insufficient_balance: 'There is not enough money in this wallet. Choose another person.',
  error_wrong_password: 'Wrong password. Try again.',
  error_scan_expired: 'This took too long. Scan the code again.',
  error_prompt_over: 'The shop no longer waits for this payment.',
  error_transfer_over: 'This transfer is over.',
  error_busy: 'The wallet could not answer. Try again in a moment.',
  refused_title: 'This request was refused',
} as const;

export type PhoneKey = keyof typeof en;

const zh = {
  title: '沙箱手机',
  skip: '跳到主要内容',
  about: '用来试付款的手机。不会产生真实扣款，其中的钱包都是沙箱。',
  whose: '谁的手机',
  which: '钱包',
  balance: '余额',
  scan: '扫一扫',
  scan_label: '付款码内容或链接',
  scan_help: '粘贴二维码的内容，或点二维码旁的“在沙箱手机上打开”。',
  scan_button: '用{wallet}扫一扫',
  scan_any: '扫一扫：按码识别钱包',
  code_ready: '镜头前有一个码',
  pay_title: '确认付款',
  pay_to: '付给 {payee}',
  pay_from: '{person}的{wallet}',
  password: '6 位支付密码',
  password_help: '任意六位数字均可；000000 表示密码错误。',
  pay_button: '付款 {amount}',
  cancel: '不付了',
  delete_digit: '删除一位',
  paid_title: '支付成功',
  paid_next: '正在通知商家，可以回到显示二维码的页面查看。',
  cancelled_title: '没有付款',
  cancelled_next: '没有扣款。二维码有效期内可再次扫描。',
  done: '完成',
  history: '{person}的账单',
  history_none: '还没有付款记录。扫一个码试试。',
  history_paid: '已支付',
  history_refunded: '已退款',
  history_partially_refunded: '已退款 {amount}',
  history_closed: '已关闭',
  history_waiting: '待支付',
  clock: '时钟',
  clock_now: '{time}（北京时间）',
  clock_real: '与真实时间一致。',
  clock_ahead: '比真实时间快 {ahead}。',
  clock_help: '枢纽与各钱包一起前进：订单超时、二维码失效。时钟不能后退。',
  clock_2h: '前进 2 小时',
  clock_1d: '前进 1 天',
  clock_15m: '前进 15 分钟',
  duration: '{days} 天 {hours} 小时 {minutes} 分',
  faults: '{wallet}的故障',
  faults_help: '从现在起，这个钱包会出什么问题。',
  fault_off: '关',
  fault_once: '下一次',
  fault_some: '20 %',
  fault_always: '每次',
  fault_set: '设置',
  fault_custom: '由脚本设置',
  ...FAULT_WORDS_ZH,
  error_unknown_code: '没有钱包认识这个码，请检查是否复制完整。',
  error_code_expired: '二维码已过期，请刷新后重新扫描。',
  error_order_closed: '商家已关闭该订单。',
  error_order_paid: '该订单已支付。',
  error_other_payer: '该订单正由其他人付款。',
  error_insufficient_balance: '余额不足，请换一个人付款。',
  error_wrong_password: '支付密码错误，请重试。',
  error_scan_expired: '操作超时，请重新扫码。',
  error_prompt_over: '商家已不再等待这笔付款。',
  error_transfer_over: '这笔转账已结束。',
  error_busy: '钱包暂时没有应答，请稍后再试。',
  refused_title: '请求被拒绝',
} as const satisfies Record<PhoneKey, string>;

export const PHONE_WORDS: Words<PhoneKey> = { zh, en };

export type PhoneError = PhoneRefusal['code'] | 'busy';

export const PHONE_ERRORS = [
  'unknown_code',
  'code_expired',
  'order_closed',
  'order_paid',
  'other_payer',
  'insufficient_balance',
  'wrong_password',
  'scan_expired',
  'prompt_over',
  'transfer_over',
  'busy',
] as const satisfies readonly PhoneError[];

export const errorKey = (error: PhoneError): PhoneKey => `error_${error}`;
export const faultKey = (fault: Fault): PhoneKey => `fault_${fault}`;
export const historyKey = (state: WalletTransaction['state']): PhoneKey => `history_${state}`;

/** How strong a fault is set from the page; scripts have finer settings. */
export const STRENGTHS = ['off', 'once', 'some', 'always'] as const;
export type Strength = (typeof STRENGTHS)[number];
export const strengthKey = (strength: Strength | 'custom'): PhoneKey => `fault_${strength}`;

/** This password is refused, every other of six digits is right. */
export const WRONG_PASSWORD = '000000';

export function outcomeOf(password: string): ConfirmOutcome {
  return /^\d{6}$/.test(password) && password !== WRONG_PASSWORD ? 'pay' : 'wrong_password';
}
