import { businessDate, shanghaiStamp } from '../../../clock.ts';
import { toYuan } from '../../../money.ts';
import { DIRECT_TRANSFER, type TransferMessage } from '../../../protocols/alipay/transfers.ts';
import { InsufficientFunds } from '../../funds.ts';
import { randomDigits } from '../../random.ts';
import { type Biz, GatewayRefusal, optionalNumber } from '../api/biz.ts';
import type { MethodAnswer } from '../api/method.ts';
import { type Alipay, balanceOf } from '../books.ts';
import { PURSE } from '../money.ts';
import { sendMessage } from '../trade/app-messages.ts';
import type { Call } from '../trade/orders.ts';
import { type FundTransfer, fundBook } from './book.ts';
import { checked, readTransfer, type WantedTransfer } from './checks.ts';

/**
 * Transfers to persons, who are not asked. The same number with the same data answers with the
 * transfer as it stands. The merchant's money leaves at once; of a transfer that fails later it
 * comes back.
 * https://opendocs.alipay.com/open/62987723_alipay.fund.trans.uni.transfer
 */
const DEALING_MS = 1_000;

export function uniTransfer(call: Call): MethodAnswer {
  const { alipay, app } = call;
  const wanted = readTransfer(call);
  const book = fundBook(alipay);
  const known = book.get(app.seller_id, wanted.out_biz_no);
  if (known && known.fingerprint !== wanted.fingerprint) {
    throw new GatewayRefusal('PAYMENT_INFO_INCONSISTENCY');
  }
  const transfer = known ?? open(call, wanted);
  if (transfer.status === 'FAIL') throw failed(transfer);
  return {
    out_biz_no: transfer.out_biz_no,
    order_id: transfer.order_id,
    pay_fund_order_id: transfer.pay_fund_order_id,
    status: transfer.status,
    trans_date: shanghaiStamp(new Date(transfer.finished_at ?? transfer.created_at)),
  };
}

function failed(transfer: FundTransfer): GatewayRefusal {
  const { out_biz_no } = transfer;
  return new GatewayRefusal('SYSTEM_ERROR', transfer.fail_reason ?? undefined, { out_biz_no });
}

function open({ alipay, app }: Call, wanted: WantedTransfer): FundTransfer {
  const { options } = alipay;
  const now = options.clock.now();
  const day = businessDate(now).replaceAll('-', '');
  const transfer: FundTransfer = {
    app_id: app.app_id,
    seller_id: app.seller_id,
    ...wanted,
    order_id: `${day}02070000${randomDigits(options.random, 16)}`,
    pay_fund_order_id: `${day}11070000${randomDigits(options.random, 16)}`,
    created_at: now.getTime(),
    status: 'DEALING',
    finished_at: null,
    error_code: null,
    fail_reason: null,
  };
  takeFunds(alipay, transfer);
  fundBook(alipay).put(transfer);
  if (options.faults.strikes('payout_fails', occasion(transfer))) scheduleFailure(alipay, transfer);
  else arrive(alipay, transfer);
  return transfer;
}

function occasion({ amount }: FundTransfer) {
  return { operation: 'alipay.fund.trans.uni.transfer', amount };
}

function takeFunds(alipay: Alipay, transfer: FundTransfer): void {
  try {
    if (alipay.options.faults.strikes('merchant_short', occasion(transfer))) {
      throw new InsufficientFunds(transfer.seller_id);
    }
    post(alipay, transfer, 'out');
  } catch (error) {
    if (!(error instanceof InsufficientFunds)) throw error;
    const { out_biz_no } = transfer;
    throw new GatewayRefusal('PAYER_BALANCE_NOT_ENOUGH', undefined, { out_biz_no });
  }
}

function post(alipay: Alipay, transfer: FundTransfer, direction: 'in' | 'out'): void {
  alipay.funds.post(
    {
      holder: transfer.seller_id,
      purse: PURSE,
      at: alipay.options.clock.now().getTime(),
      direction,
      amount: transfer.amount,
      type: direction === 'out' ? '转账' : '转账退回',
      business_no: transfer.order_id,
      reference: transfer.out_biz_no,
      note: transfer.title,
    },
    direction === 'in' ? { forced: true } : {},
  );
}

function arrive(alipay: Alipay, transfer: FundTransfer): void {
  const amount = balanceOf(alipay, transfer.person) + transfer.amount;
  alipay.balances.put(transfer.person, { amount });
  transfer.status = 'SUCCESS';
  finish(alipay, transfer);
}

/** Puts what a stopped sandbox left undecided on the agenda too. */
export function scheduleFailure(alipay: Alipay, transfer: FundTransfer): void {
  alipay.agenda.add(transfer.created_at + DEALING_MS, () => {
    if (transfer.status !== 'DEALING') return;
    post(alipay, transfer, 'in');
    transfer.status = 'FAIL';
    transfer.error_code = 'PAYEE_ACCOUNT_STATUS_ERROR';
    transfer.fail_reason = '收款方账号异常，资金已退回付款方';
    finish(alipay, transfer);
  });
}

function finish(alipay: Alipay, transfer: FundTransfer): void {
  transfer.finished_at = alipay.options.clock.now().getTime();
  fundBook(alipay).put(transfer);
  sendMessage(alipay, {
    app_id: transfer.app_id,
    method: 'alipay.fund.trans.order.changed',
    content: { ...messageOf(transfer) },
  });
}

function messageOf(transfer: FundTransfer): TransferMessage {
  return {
    action_type: 'FINISH',
    order_id: transfer.order_id,
    out_biz_no: transfer.out_biz_no,
    pay_fund_order_id: transfer.pay_fund_order_id,
    product_code: transfer.product_code,
    biz_scene: transfer.biz_scene,
    origin_interface: 'alipay.fund.trans.uni.transfer',
    status: transfer.status,
    trans_amount: toYuan(transfer.amount),
    ...outcomeOf(transfer),
  };
}

function outcomeOf({ status, finished_at, error_code, fail_reason }: FundTransfer) {
  return {
    ...(status === 'SUCCESS' && finished_at !== null
      ? { pay_date: shanghaiStamp(new Date(finished_at)) }
      : {}),
    ...(error_code === null ? {} : { error_code }),
    ...(fail_reason === null ? {} : { fail_reason }),
  };
}

/** https://opendocs.alipay.com/open/58a29899_alipay.fund.trans.common.query */
export function commonQuery(call: Call): MethodAnswer {
  const { alipay, app, biz } = call;
  alipay.agenda.advance();
  const transfer = checked(() => find(alipay, app.seller_id, biz));
  if (!transfer) throw new GatewayRefusal('ORDER_NOT_EXIST');
  const { passback_params } = transfer;
  return {
    out_biz_no: transfer.out_biz_no,
    order_id: transfer.order_id,
    pay_fund_order_id: transfer.pay_fund_order_id,
    trans_amount: toYuan(transfer.amount),
    status: transfer.status,
    ...outcomeOf(transfer),
    ...(passback_params === null ? {} : { passback_params }),
  };
}

/** The wallet's own numbers win; by the merchant's, product and scene must be named too. */
function find(alipay: Alipay, seller_id: string, biz: Biz): FundTransfer | undefined {
  const book = fundBook(alipay);
  const number = optionalNumber(biz, 'pay_fund_order_id') ?? optionalNumber(biz, 'order_id');
  const out_biz_no = optionalNumber(biz, 'out_biz_no');
  if (number === undefined && out_biz_no === undefined) {
    throw new GatewayRefusal('INVALID_PARAMETER', '参数有误：out_biz_no、order_id 不能同时为空');
  }
  const found =
    number === undefined ? book.get(seller_id, out_biz_no ?? '') : book.byNumber(number);
  if (!found || found.seller_id !== seller_id) return undefined;
  if (number !== undefined) return found;
  const { product_code, biz_scene } = biz;
  if (typeof product_code !== 'string' || typeof biz_scene !== 'string') {
    const message = '参数有误：传入out_biz_no时product_code、biz_scene必传';
    throw new GatewayRefusal('INVALID_PARAMETER', message);
  }
  return found.product_code === product_code && biz_scene === DIRECT_TRANSFER ? found : undefined;
}

/** https://opendocs.alipay.com/open/1b8a680c_alipay.fund.account.query */
export function accountQuery({ alipay, app, biz }: Call): MethodAnswer {
  const { alipay_user_id: user, alipay_open_id: open_id, account_type } = biz;
  const meant = typeof user === 'string' ? user : open_id;
  if (meant !== undefined && meant !== app.seller_id) {
    throw new GatewayRefusal('INVALID_PARAMETER', '参数有误：只能查询本商户的账户');
  }
  if (account_type !== undefined && account_type !== 'ACCTRANS_ACCOUNT') {
    throw new GatewayRefusal('INVALID_PARAMETER', '参数有误：沙箱只有 ACCTRANS_ACCOUNT 账户');
  }
  return {
    available_amount: toYuan(alipay.funds.available(app.seller_id, PURSE)),
    freeze_amount: toYuan(alipay.funds.held(app.seller_id, PURSE)),
  };
}
