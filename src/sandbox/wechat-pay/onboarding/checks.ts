import {
  isWireObject,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { parameterError } from '../api/refusal.ts';
import type { BankAccount } from '../merchants/sub-merchants.ts';
import { decryptField, type Opener } from '../sharing/sensitive.ts';
import type { Finding } from './applications.ts';

/**
 * What an application is checked for. A field of a wrong form is refused at once; a field that
 * contradicts another one is found by the review, which rejects the application and says where.
 */
export class Review {
  readonly findings: Finding[] = [];

  /** Records a contradiction. */
  expect(right: boolean, field: string, label: string, reason: string): void {
    if (!right) this.findings.push({ field, label, reason });
  }
}

/** Throws unless a field that the kind of seller needs is there. */
export function need(present: unknown, pointer: string, label: string): void {
  if (present !== undefined) return;
  const message = `该主体类型必须填写${label}`;
  throw parameterError({ field: pointer, issue: 'missing', location: 'body', message });
}

export function refuseForm(pointer: string, message: string): never {
  throw parameterError({ field: pointer, issue: 'wrong form', location: 'body', message });
}

/** The body with every sensitive field in clear. */
export function inClear(
  open: Opener,
  body: WireObject,
  sensitive: ReadonlySet<string>,
  pointer = '',
): WireObject {
  const clear = (name: string, value: unknown): unknown => {
    const at = `${pointer}/${name}`;
    if (Array.isArray(value)) {
      return value.map((item, index) =>
        isWireObject(item) ? inClear(open, item, sensitive, `${at}/${index}`) : item,
      );
    }
    if (isWireObject(value)) return inClear(open, value, sensitive, at);
    return typeof value === 'string' && sensitive.has(name) ? decryptField(open, value, at) : value;
  };
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, clear(name, value)]),
  );
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;

/** A resident identity number with its check digit (GB 11643, ISO 7064 MOD 11-2). */
export function isIdNumber(text: string): boolean {
  if (!/^[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]$/.test(text)) {
    return false;
  }
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(text[index]), 0);
  return '10X98765432'.charAt(sum % 11) === text.charAt(17);
}

/** An old registration number or a unified social credit code. */
export function isLicenseNumber(text: string): boolean {
  return /^(?:\d{15}|[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10})$/.test(text);
}

export function isMobile(text: string): boolean {
  return /^1\d{10}$/.test(text);
}

export function isBankNumber(text: string): boolean {
  return /^\d{8,32}$/.test(text);
}

/** Banks that are named shortly; any other is `其他银行` with its full name or its number. */
const BANKS: ReadonlySet<string> = new Set([
  '工商银行',
  '交通银行',
  '招商银行',
  '民生银行',
  '中信银行',
  '浦发银行',
  '兴业银行',
  '光大银行',
  '广发银行',
  '平安银行',
  '北京银行',
  '华夏银行',
  '农业银行',
  '建设银行',
  '邮政储蓄银行',
  '中国银行',
  '宁波银行',
]);

/** Throws unless the bank is one of those named shortly, or is named in full. */
export function checkBank(
  given: { bank: string; bank_name: string | null; bank_branch_id: string | null },
  pointer: string,
): void {
  if (BANKS.has(given.bank)) return;
  const named = given.bank_name !== null || given.bank_branch_id !== null;
  if (given.bank === '其他银行' && named) return;
  refuseForm(pointer, '开户银行不在列表中：请填写“其他银行”并填写开户银行全称或联行号');
}

/**
 * The account that a seller is settled to. One of a wrong form is refused; one of somebody else's
 * is found by the review.
 */
export function settlementAccount(
  info: WireObject,
  about: { corporate: boolean; owner: string | undefined; pointer: string; field: string },
  review: Review,
): BankAccount {
  const { corporate, owner, pointer, field } = about;
  const account: BankAccount = {
    type: corporate ? 'BUSINESS' : 'PRIVATE',
    bank: textField(info, 'account_bank') ?? '',
    bank_name: textField(info, 'bank_name') ?? null,
    bank_branch_id: textField(info, 'bank_branch_id') ?? null,
    holder: textField(info, 'account_name') ?? '',
    number: textField(info, 'account_number') ?? '',
  };
  checkBank(account, `${pointer}/account_bank`);
  if (!isBankNumber(account.number)) {
    refuseForm(`${pointer}/account_number`, '银行账号只能是8至32位数字');
  }
  const reason = corporate ? '开户名称与商户名称不一致' : '开户名称与证件姓名不一致';
  review.expect(account.holder === owner, field, '开户名称', reason);
  return account;
}

/** `622202…123` → `62*************78`. */
export function masked(number: string): string {
  if (number.length <= 4) return '*'.repeat(number.length);
  return number.slice(0, 2) + '*'.repeat(number.length - 4) + number.slice(-2);
}
