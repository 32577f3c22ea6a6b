import type { Method } from '../api/method.ts';
import { billLink } from './bills.ts';
import { accountBalance, accountLog } from './log.ts';

/** Bill links, account log, balance. */
const GROUP = 'Bills';
const DOC = 'https://opendocs.alipay.com/open';
const V3 = '/v3/alipay/data';
const MADE_ON_DEMAND = [
  'Made when it is asked for, from nine o’clock on.',
  'Commas of names become full-width ones, characters beyond GBK question marks.',
  'Links live by the business clock and end with the process.',
].join(' ');

export const BILL_METHODS: readonly Method[] = [
  {
    call: 'alipay.data.dataservice.bill.downloadurl.query',
    v3: `GET ${V3}/dataservice/bill/downloadurl/query`,
    group: GROUP,
    doc: `${DOC}/3c9f1bcf_alipay.data.dataservice.bill.downloadurl.query`,
    differs: MADE_ON_DEMAND,
    run: billLink,
  },
  {
    call: 'alipay.data.bill.accountlog.query',
    v3: `GET ${V3}/bill/accountlog/query`,
    group: GROUP,
    doc: `${DOC}/dae3ac99_alipay.data.bill.accountlog.query`,
    differs: 'Filters by kind of movement and by agreement are taken and do nothing.',
    run: accountLog,
  },
  {
    call: 'alipay.data.bill.balance.query',
    v3: `GET ${V3}/bill/balance/query`,
    group: GROUP,
    doc: `${DOC}/2acb3c34_alipay.data.bill.balance.query`,
    run: accountBalance,
  },
];
