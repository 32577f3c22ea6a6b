import type { WalletCall } from '../../calls.ts';

/** Profit sharing. */
const GROUP = 'Profit sharing';
const DOC = 'https://opendocs.alipay.com/open';
/** Of asynchronous splits; synchronous ones are held to 30. */
const SETTLES_A_SECOND = 500;

export const ROYALTY_CALLS: readonly WalletCall[] = [
  {
    operation: 'alipay.trade.royalty.relation.bind',
    group: GROUP,
    doc: `${DOC}/c21931d6_alipay.trade.royalty.relation.bind`,
    repeatable: true,
  },
  {
    operation: 'alipay.trade.royalty.relation.unbind',
    group: GROUP,
    doc: `${DOC}/3613f4e1_alipay.trade.royalty.relation.unbind`,
    repeatable: true,
  },
  {
    operation: 'alipay.trade.royalty.rate.query',
    group: GROUP,
    doc: `${DOC}/6f314ee9_alipay.trade.royalty.rate.query`,
    repeatable: true,
  },
  {
    operation: 'alipay.trade.order.settle',
    group: GROUP,
    doc: `${DOC}/c3b24498_alipay.trade.order.settle`,
    per_second: SETTLES_A_SECOND,
    repeatable: false,
  },
  {
    operation: 'alipay.trade.order.settle.query',
    group: GROUP,
    doc: `${DOC}/9ef980b7_alipay.trade.order.settle.query`,
    repeatable: true,
  },
  {
    operation: 'alipay.trade.order.onsettle.query',
    group: GROUP,
    doc: `${DOC}/d87dc009_alipay.trade.order.onsettle.query`,
    repeatable: true,
  },
  {
    operation: 'alipay.trade.settle.confirm',
    group: GROUP,
    doc: 'https://opendocs.alipay.com/solution/5cd4703e_alipay.trade.settle.confirm',
    repeatable: false,
  },
];
