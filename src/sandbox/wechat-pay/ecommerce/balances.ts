import { businessDate } from '../../../clock.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { fenNumber } from '../../../protocols/wechat-pay/messages.ts';
import { invalidRequest, parameterError } from '../api/refusal.ts';
import type { RouteCall } from '../api/route.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { releaseOverdue } from '../sharing/overdue.ts';
import { checkFamily, noAuth, sellerOf } from '../sharing/rules.ts';

/**
 * What an account holds now and held at the end of a day. Money held for splits is there and not
 * available.
 * https://pay.weixin.qq.com/docs/partner/apis/ecommerce-balance/accounts/query-e-commerce-balance.html
 */
const DAY_MS = 86_400_000;
const KEPT_DAYS = 90;
const ACCOUNTS = ['BASIC', 'OPERATION', 'FEES', 'DEPOSIT'] as const;

function accountType(given: string | null, location: 'query' | 'url'): string {
  const type = given ?? 'BASIC';
  if (ACCOUNTS.some((known) => known === type)) return type;
  throw parameterError({
    field: 'account_type',
    value: type.slice(0, 32),
    issue: 'unknown account type',
    location,
    message: '账户类型不正确',
  });
}

/** GET /v3/ecommerce/fund/balance/{sub_mchid} */
export function sellerBalance(
  context: SandboxContext,
  merchant: Merchant,
  { parameters, query }: RouteCall,
): object {
  const sub_mchid = ownSeller(context, merchant, parameters.sub_mchid);
  const account_type = accountType(query.get('account_type'), 'query');
  return { sub_mchid, account_type, ...present(context, sub_mchid, account_type) };
}

/** GET /v3/ecommerce/fund/enddaybalance/{sub_mchid} */
export function sellerEndOfDay(
  context: SandboxContext,
  merchant: Merchant,
  { parameters, query }: RouteCall,
): object {
  const sub_mchid = ownSeller(context, merchant, parameters.sub_mchid);
  const account_type = accountType(query.get('account_type'), 'query');
  const available_amount = endOfDay(context, { mchid: sub_mchid, account_type, query });
  return { sub_mchid, account_type, available_amount };
}

/** GET /v3/merchant/fund/balance/{account_type}: the caller's own. */
export function ownBalance(
  context: SandboxContext,
  merchant: Merchant,
  { parameters }: RouteCall,
): object {
  const account_type = accountType(parameters.account_type ?? null, 'url');
  return present(context, merchant.mchid, account_type);
}

/** GET /v3/merchant/fund/dayendbalance/{account_type} */
export function ownEndOfDay(
  context: SandboxContext,
  merchant: Merchant,
  { parameters, query }: RouteCall,
): object {
  const account_type = accountType(parameters.account_type ?? null, 'url');
  const { mchid } = merchant;
  return { available_amount: endOfDay(context, { mchid, account_type, query }) };
}

function ownSeller(context: SandboxContext, merchant: Merchant, given: string | undefined): string {
  checkFamily(merchant, 'platform');
  const sub_mchid = sellerOf(context, merchant, { sub_mchid: given, location: 'url' });
  if (sub_mchid === null) throw noAuth('商户号与子商户号没有受理关系');
  return sub_mchid;
}

function present(context: SandboxContext, mchid: string, account_type: string) {
  releaseOverdue(context);
  return {
    available_amount: fenNumber(positive(context.funds.available(mchid, account_type))),
    pending_amount: fenNumber(context.funds.held(mchid, account_type)),
  };
}

/** A forced refund may have left a debt: nothing is available then. */
function positive(amount: bigint): bigint {
  return amount < 0n ? 0n : amount;
}

function endOfDay(
  context: SandboxContext,
  asked: { mchid: string; account_type: string; query: URLSearchParams },
): number {
  const date = asked.query.get('date') ?? '';
  const start = Date.parse(`${date}T00:00:00+08:00`);
  const now = context.clock.now();
  const today = Date.parse(`${businessDate(now)}T00:00:00+08:00`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(start)) {
    const message = '日期格式应为YYYY-MM-DD';
    throw parameterError({
      field: 'date',
      value: date,
      issue: 'no date',
      location: 'query',
      message,
    });
  }
  if (start >= today || start < today - KEPT_DAYS * DAY_MS) {
    const message = '只能查询90天内、昨日及以前的日终余额';
    throw invalidRequest(message, INTERNAL_CODE.out_of_range);
  }
  const span = { from: 0, to: start + DAY_MS };
  const last = context.funds.entries(asked.mchid, asked.account_type, span).at(-1);
  return fenNumber(positive(last?.balance ?? 0n));
}
