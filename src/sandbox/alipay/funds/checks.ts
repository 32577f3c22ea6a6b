import { createHash } from 'node:crypto';
import { businessDate } from '../../../clock.ts';
import {
  DIRECT_TRANSFER,
  IDENTITY_TYPES,
  type IdentityType,
  TRANSFER_LIMITS,
  TRANSFER_PRODUCTS,
} from '../../../protocols/alipay/transfers.ts';
import {
  type Biz,
  GatewayRefusal,
  optionalText,
  requiredAmount,
  requiredNumber,
  requiredText,
} from '../api/biz.ts';
import { type Buyer, buyerNamed } from '../books.ts';
import type { Call } from '../trade/orders.ts';
import { type FundTransfer, fundBook } from './book.ts';

/** What a transfer must satisfy before any money leaves. */
export type WantedTransfer = Pick<
  FundTransfer,
  | 'out_biz_no'
  | 'product_code'
  | 'biz_scene'
  | 'amount'
  | 'person'
  | 'title'
  | 'remark'
  | 'passback_params'
  | 'fingerprint'
>;

/** The fund interfaces name their codes without the prefix of the trade interfaces. */
export function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GatewayRefusal) || !error.sub_code.startsWith('ACQ.')) throw error;
    throw new GatewayRefusal('INVALID_PARAMETER', error.message);
  }
}

/** Throws GatewayRefusal; a number that is known already passes only the checks of its form. */
export function readTransfer(call: Call): WantedTransfer {
  const { biz } = call;
  const wanted = checked(() => formOf(call));
  const known = fundBook(call.alipay).get(call.app.seller_id, wanted.out_biz_no);
  const { identity, identity_type, name } = checked(() => payeeInfo(biz));
  const payee = payeeOf(call, identity, identity_type);
  if (!payee) throw new GatewayRefusal('PAYEE_NOT_EXIST');
  if (name !== undefined && name !== payee.person.name.zh) {
    throw new GatewayRefusal('PAYEE_USER_INFO_ERROR');
  }
  if (!known) checkLimits(call, wanted);
  return { ...wanted, person: payee.person.id };
}

function formOf({ biz }: Call): Omit<WantedTransfer, 'person'> {
  const out_biz_no = requiredNumber(biz, 'out_biz_no');
  const product = requiredText(biz, 'product_code', { max: 64 });
  const biz_scene = requiredText(biz, 'biz_scene', { max: 64 });
  const product_code = TRANSFER_PRODUCTS.find((known) => known === product);
  if (!product_code || biz_scene !== DIRECT_TRANSFER) {
    const message =
      '参数有误：沙箱支持 TRANS_ACCOUNT_NO_PWD 与 STD_RED_PACKET，biz_scene 须为 DIRECT_TRANSFER';
    throw new GatewayRefusal('INVALID_PARAMETER', message);
  }
  return {
    out_biz_no,
    product_code,
    biz_scene,
    amount: requiredAmount(biz, 'trans_amount'),
    title: optionalText(biz, 'order_title', { max: 128 }) ?? '',
    remark: optionalText(biz, 'remark', { max: 200 }) ?? '',
    passback_params: optionalText(biz, 'passback_params', { max: 512 }) ?? null,
    fingerprint: createHash('sha256')
      .update(JSON.stringify(sorted(biz)))
      .digest('hex'),
  };
}

function payeeInfo(biz: Biz): { identity: string; identity_type: IdentityType; name?: string } {
  const info = biz['payee_info'];
  if (typeof info !== 'object' || info === null || Array.isArray(info)) {
    throw new GatewayRefusal('INVALID_PARAMETER', '参数有误：payee_info 不能为空');
  }
  const payee = info as Biz;
  const identity = requiredText(payee, 'identity', { max: 100 });
  const type = requiredText(payee, 'identity_type', { max: 64 });
  const identity_type = IDENTITY_TYPES.find((known) => known === type);
  if (!identity_type) throw new GatewayRefusal('INVALID_PARAMETER', '参数有误：identity_type');
  const name = optionalText(payee, 'name', { max: 64 });
  if (identity_type === 'ALIPAY_LOGON_ID' && name === undefined) {
    const message = '参数有误：收款方为登录号时，payee_info.name 必传';
    throw new GatewayRefusal('INVALID_PARAMETER', message);
  }
  return { identity, identity_type, ...(name === undefined ? {} : { name }) };
}

/** A login name is `<person>@sandbox.test`. */
function payeeOf(call: Call, identity: string, type: IdentityType): Buyer | undefined {
  const { alipay, app } = call;
  switch (type) {
    case 'ALIPAY_LOGON_ID':
      return alipay.buyers.get(/^(.{1,64})@sandbox\.test$/.exec(identity)?.[1] ?? '');
    case 'ALIPAY_USER_ID':
    case 'ALIPAY_OPEN_ID': {
      const found = buyerNamed(alipay, app, identity);
      const byUser = found?.user_id === identity;
      return byUser === (type === 'ALIPAY_USER_ID') ? found : undefined;
    }
    default:
      return type satisfies never;
  }
}

function checkLimits(call: Call, wanted: Omit<WantedTransfer, 'person'>): void {
  const { amount, product_code, remark } = wanted;
  const most =
    product_code === 'STD_RED_PACKET' ? TRANSFER_LIMITS.red_packet_max : TRANSFER_LIMITS.max;
  if (amount < TRANSFER_LIMITS.min) throw new GatewayRefusal('EXCEED_LIMIT_SM_MIN_AMOUNT');
  if (amount > most) throw new GatewayRefusal('EXCEED_LIMIT_PERSONAL_SM_AMOUNT');
  if (amount >= TRANSFER_LIMITS.remark_from && remark === '') {
    throw new GatewayRefusal('MEMO_REQUIRED_IN_TRANSFER_ERROR');
  }
  const { alipay, app } = call;
  const today = businessDate(alipay.options.clock.now());
  const since = new Date(`${today}T00:00:00+08:00`).getTime();
  const sent = fundBook(alipay).sentSince(app.seller_id, since);
  if (sent + amount > TRANSFER_LIMITS.day) throw new GatewayRefusal('EXCEED_LIMIT_DM_MAX_AMOUNT');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, entry]) => [name, sorted(entry)]));
}
