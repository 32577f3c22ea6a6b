import type { WalletCall } from '../../calls.ts';

/** Clearing files: a whole day inside one answer of the file gateway. */
export const FILE = 'fileTransfer 76/01';

export const BILL_CALLS: readonly WalletCall[] = [
  {
    operation: FILE,
    group: 'Clearing files',
    doc: 'https://open.unionpay.com/ajweb/help/faq/list?id=119',
    timeout_ms: 120_000,
    repeatable: true,
  },
];
