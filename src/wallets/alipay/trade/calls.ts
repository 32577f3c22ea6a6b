import type { WalletCall } from '../../calls.ts';

/** Payments, payer codes, merged payments, refunds. */
const GROUP = 'Payments';
const REFUNDS = 'Refunds';
const DOC = 'https://opendocs.alipay.com/open';
/** A charge waits for the wallet to decide, with the payer standing at the till. */
const CHARGE_TIMEOUT_MS = 15_000;

export const TRADE_CALLS: readonly WalletCall[] = [
  {
    operation: 'alipay.trade.precreate',
    group: GROUP,
    doc: `${DOC}/8ad49e4a_alipay.trade.precreate`,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.create',
    group: GROUP,
    doc: 'https://opendocs.alipay.com/mini/6039ed0c_alipay.trade.create',
    repeatable: false,
  },
  {
    operation: 'alipay.trade.page.pay',
    group: GROUP,
    doc: `${DOC}/59da99d0_alipay.trade.page.pay`,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.wap.pay',
    group: GROUP,
    doc: `${DOC}/29ae8cb6_alipay.trade.wap.pay`,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.app.pay',
    group: GROUP,
    doc: `${DOC}/cd12c885_alipay.trade.app.pay`,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.pay',
    group: GROUP,
    doc: `${DOC}/1f1fe18c_alipay.trade.pay`,
    timeout_ms: CHARGE_TIMEOUT_MS,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.merge.precreate',
    group: GROUP,
    doc: `${DOC}/028xr9`,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.wap.merge.pay',
    group: GROUP,
    doc: `${DOC}/028xra`,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.app.merge.pay',
    group: GROUP,
    doc: `${DOC}/028py8`,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.query',
    group: GROUP,
    doc: `${DOC}/82ea786a_alipay.trade.query`,
    repeatable: true,
  },
  {
    operation: 'alipay.trade.close',
    group: GROUP,
    doc: `${DOC}/ce0b4954_alipay.trade.close`,
    repeatable: true,
  },
  {
    operation: 'alipay.trade.cancel',
    group: GROUP,
    doc: `${DOC}/13399511_alipay.trade.cancel`,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.refund',
    group: REFUNDS,
    doc: `${DOC}/f60979b3_alipay.trade.refund`,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.fastpay.refund.query',
    group: REFUNDS,
    doc: `${DOC}/8c776df6_alipay.trade.fastpay.refund.query`,
    repeatable: true,
  },
];
