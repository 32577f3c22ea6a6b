import type { WalletCall } from '../../calls.ts';

/** Direct payment: sellers under a platform. */
const GROUP = 'Direct payment';
const DOC = 'https://opendocs.alipay.com/open';
const UPLOAD_TIMEOUT_MS = 30_000;

export const DIRECT_CALLS: readonly WalletCall[] = [
  {
    operation: 'ant.merchant.expand.indirect.zft.create',
    group: GROUP,
    doc: `${DOC}/a2c1ea2a_ant.merchant.expand.indirect.zft.create`,
    repeatable: false,
  },
  {
    operation: 'ant.merchant.expand.indirect.zftorder.query',
    group: GROUP,
    doc: `${DOC}/2db9d0ea_ant.merchant.expand.indirect.zftorder.query`,
    repeatable: true,
  },
  {
    operation: 'ant.merchant.expand.indirect.image.upload',
    group: GROUP,
    doc: `${DOC}/4b1b5ec1_ant.merchant.expand.indirect.image.upload`,
    timeout_ms: UPLOAD_TIMEOUT_MS,
    repeatable: true,
  },
];
