import type { WalletCall } from '../../calls.ts';

/** Direct payment: sellers under a platform. */
const GROUP = 'Direct payment';
const DOC = 'https://opendocs.alipay.com/solution';
const UPLOAD_TIMEOUT_MS = 30_000;

export const DIRECT_CALLS: readonly WalletCall[] = [
  {
    operation: 'ant.merchant.expand.indirect.zft.create',
    group: GROUP,
    doc: `${DOC}/ff926f54_ant.merchant.expand.indirect.zft.create`,
    repeatable: false,
  },
  {
    operation: 'ant.merchant.expand.indirect.zftorder.query',
    group: GROUP,
    doc: `${DOC}/dfebf71b_ant.merchant.expand.indirect.zftorder.query`,
    repeatable: true,
  },
  {
    operation: 'ant.merchant.expand.indirect.image.upload',
    group: GROUP,
    doc: `${DOC}/d0814d9c_ant.merchant.expand.indirect.image.upload`,
    timeout_ms: UPLOAD_TIMEOUT_MS,
    repeatable: true,
  },
];
