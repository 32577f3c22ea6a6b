import { businessDate, shanghaiTime } from '../../../clock.ts';
import { settleDateOf } from '../../../protocols/union-pay/transactions.ts';
import { type Call, matching, WireRefusal } from '../api/call.ts';
import { FILE_GATEWAY, type Fields, type Route, route } from '../api/route.ts';
import type { UnionPay } from '../books.ts';
import { dailyFile } from './file.ts';

/** The clearing files: the day ends at 23:00, its file is there from 9:00 of the next. */
const DAY_MS = 86_400_000;
/** How long a file is kept. */
const DAYS = 180;
const READY_HOUR = 9;

/** The latest finished day that MMDD can mean; undefined when its file is not there yet. */
function dateMeant(union: UnionPay, settleDate: string): string | undefined {
  const now = union.options.clock.now();
  const ready = Number(shanghaiTime(now).slice(11, 13)) >= READY_HOUR;
  for (let back = ready ? 1 : 2; back <= DAYS; back += 1) {
    const date = businessDate(new Date(now.getTime() - back * DAY_MS));
    if (settleDateOf(date) === settleDate) return date;
  }
  return undefined;
}

async function fileTransfer(call: Call): Promise<Fields> {
  const { union, merchant } = call;
  matching(call, 'fileType', /^00$/);
  const settleDate = matching(call, 'settleDate', /^\d{4}$/);
  const date = dateMeant(union, settleDate);
  if (date === undefined || union.options.faults.strikes('bill_late')) {
    throw new WireRefusal('98', 'the file of a clearing day is there from 9:00 of the next day');
  }
  const { name, content } = dailyFile(union, merchant.mer_id, date);
  return { settleDate, fileName: name, fileContent: content };
}

const DIFFERS =
  'Column widths are those of the published parsers; marks of money columns and trade codes are ' +
  'reasoned. A day without trades has an empty file; files are kept for 180 days.';

export const BILL_ROUTES: readonly Route[] = [
  route({
    file: FILE_GATEWAY,
    txn_type: '76',
    txn_sub_type: '01',
    group: 'Clearing files',
    doc: 'https://open.unionpay.com/ajweb/help/faq/list?id=119',
    differs: DIFFERS,
    run: fileTransfer,
  }),
];
