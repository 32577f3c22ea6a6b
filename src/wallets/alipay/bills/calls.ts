import type { WalletCall } from '../../calls.ts';

/** Bills: the link is asked for, then fetched from another host within half a minute. */
const GROUP = 'Bills';
const DOC = 'https://opendocs.alipay.com/open';

export const BILL_LINK = 'alipay.data.dataservice.bill.downloadurl.query';
export const ACCOUNT_LOG = 'alipay.data.bill.accountlog.query';
/** No method of the gateway: a plain request without a signature. */
export const BILL_FILE = 'GET bill_download_url';

export const BILL_CALLS: readonly WalletCall[] = [
  {
    operation: BILL_LINK,
    group: GROUP,
    doc: `${DOC}/3c9f1bcf_${BILL_LINK}`,
    timeout_ms: 20_000,
    repeatable: true,
  },
  {
    operation: BILL_FILE,
    group: GROUP,
    doc: `${DOC}/3c9f1bcf_${BILL_LINK}`,
    timeout_ms: 120_000,
    repeatable: true,
  },
  {
    operation: ACCOUNT_LOG,
    group: GROUP,
    doc: `${DOC}/dae3ac99_${ACCOUNT_LOG}`,
    timeout_ms: 10_000,
    repeatable: true,
  },
];
