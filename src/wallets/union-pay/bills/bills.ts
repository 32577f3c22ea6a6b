import { readZip } from '../../../protocols/alipay/bill-zip.ts';
import {
  decodeSigned,
  decodeZmLine,
  type ZmLine,
} from '../../../protocols/union-pay/daily-file.ts';
import { MAX_FILE_MESSAGE_CHARACTERS } from '../../../protocols/union-pay/message.ts';
import {
  BIZ,
  parseAmount,
  parseStamp,
  settleDateOf,
  stamp,
  TXN,
} from '../../../protocols/union-pay/transactions.ts';
import { archiveOf, INFLATE_LIMITS, inflate } from '../../products/bill-files.ts';
import {
  BillError,
  type BillLine,
  type BillOutcome,
  type Bills,
  type PaymentLine,
  type WantedBill,
} from '../../products/bills.ts';
import { streamedBill } from '../../products/streamed-bill.ts';
import { entryContent, type ZipEntry } from '../../products/zip-entry.ts';
import { openAccount, type UnionPayAccount } from '../account.ts';
import type { Client } from '../client.ts';
import { refusedBy, undecided } from '../refusals.ts';
import { FILE } from './calls.ts';

/**
 * The clearing file of a day, which ends at 23:00: a ZIP inside a signed answer. It states no
 * totals, so what it lacks is found only by comparing it with what we know.
 */
export function bills(client: Client): Bills {
  return {
    kinds: ['payments'],
    ready_at: '09:00',
    day_ends: '23:00',
    refunds_by: 'completed',
    fetch: (account, bill) => fetchBill(client, openAccount(account), bill),
    read: (account, { kind, date }, file) => {
      const about = { mer_id: openAccount(account).mer_id, date };
      return streamedBill({ kind, date }, () => linesIn(archiveOf(file), about));
    },
  };
}

const NO_FILE = '98';
/** Days have no year in a request, so an old one would be taken for a young one. */
const LONGEST_AGE_MS = 300 * 86_400_000;

function whyNot({ kind, date }: WantedBill, now: Date): string | undefined {
  if (kind !== 'payments') return `UnionPay has no bill of ${kind}.`;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return 'A bill is of one day, YYYY-MM-DD.';
  const age = now.getTime() - Date.parse(`${date}T23:00:00+08:00`);
  return age > LONGEST_AGE_MS ? 'UnionPay names days without a year: too long ago.' : undefined;
}

async function fetchBill(
  client: Client,
  account: UnionPayAccount,
  bill: WantedBill,
): Promise<BillOutcome> {
  const { kind, date } = bill;
  const now = bill.asked_at ?? client.environment.real();

  const wrong = whyNot(bill, now);
  if (wrong !== undefined) {
    const trace = { operation: FILE, duration_ms: 0, request: {} };
    return { kind: 'refused', code: 'invalid_request', message: wrong, trace };
  }
  const answer = await client.call(account, {
    operation: FILE,
    fields: {
      bizType: BIZ.none,
      txnTime: stamp(client.environment.real()),
      settleDate: settleDateOf(date),
      fileType: '00',
    },
    max_answer_bytes: MAX_FILE_MESSAGE_CHARACTERS,
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { message, trace } = answer;
  if (answer.code === NO_FILE) return { kind: 'not_ready', trace };
  if (answer.code !== '00') return refusedBy(answer);
  if ((message.get('settleDate') ?? settleDateOf(date)) !== settleDateOf(date)) {
    return { kind: 'unknown', cause: 'the file is of another day', trace };
  }
  const content = message.get('fileContent') ?? '';
  const about = { mer_id: account.mer_id, date };
  return {
    kind: 'bill',
    bill: streamedBill({ kind, date }, () => linesOf(content, about)),
    trace,
  };
}

interface About {
  readonly mer_id: string;
  readonly date: string;
}

const MAX_BYTES = 512 * 1024 * 1024;
/** A ZIP does not shrink again, so what unpacks to more than twice what can arrive is none. */
const MAX_ZIP = { max_bytes: 2 * MAX_FILE_MESSAGE_CHARACTERS, max_ratio: INFLATE_LIMITS.max_ratio };
const MAX_ENTRIES = 32;
/** Twice the width of a line of such a file. */
const MAX_LINE = 2_048;

async function whole(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const found: Buffer[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return Buffer.concat(found);
}

async function unpacked(content: string): Promise<Buffer> {
  const packed = Buffer.from(content, 'base64');
  return whole(inflate(packed, 'zlib', MAX_ZIP)).catch((error: unknown) => {
    if (!(error instanceof BillError)) throw error;
    throw new BillError(0, `the file cannot be unpacked: ${error.message}`, error);
  });
}

/** The ZM file inside; throws BillError for anything that is not one such ZIP. */
function entryIn(zip: Buffer, mer_id: string): ZipEntry {
  const entries = readZip(zip, MAX_ENTRIES);
  if (typeof entries === 'string') {
    throw new BillError(0, `the file cannot be unpacked: ${entries}`);
  }
  const [entry, ...more] = entries.filter(({ name }) =>
    name.toString('latin1').endsWith(`ZM_${mer_id}`),
  );
  if (!entry || more.length > 0) {
    throw new BillError(0, `there is not one ZM file of ${mer_id} inside`);
  }
  return entry;
}

/** Lines with every blank they have, for their columns are counted. */
async function* plainLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  let number = 0;
  for await (const chunk of chunks) {
    const parts = (rest + chunk.toString('latin1')).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      number += 1;
      yield part.replace(/\r$/, '');
    }
    if (rest.length > MAX_LINE) throw new BillError(number + 1, 'longer than any line of a bill');
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}

export async function* linesOf(
  content: string,
  about: About,
): AsyncGenerator<BillLine, void, undefined> {
  yield* linesIn(await unpacked(content), about);
}

/** Lines of the ZIP as the wallet's site gives it out. */
async function* linesIn(zip: Buffer, about: About): AsyncGenerator<BillLine, void, undefined> {
  const entry = entryIn(zip, about.mer_id);
  const limits = { ...INFLATE_LIMITS, max_bytes: MAX_BYTES };
  let line = 0;
  for await (const text of plainLines(entryContent(entry, limits))) {
    line += 1;
    yield lineOf(text, line, about);
  }
}

/** Times have no year: it is that of the clearing day, or the one before for a last evening. */
function timeOf(zm: ZmLine, line: number, date: string): Date {
  const year = Number(date.slice(0, 4));
  const end = Date.parse(`${date}T23:59:59+08:00`);
  for (const each of [year, year - 1]) {
    const time = parseStamp(`${each}${zm.time}`);
    if (time && time.getTime() <= end) return time;
  }
  throw new BillError(line, `the time "${zm.time}" is none`);
}

function lineOf(text: string, line: number, about: About): PaymentLine {
  const zm = decodeZmLine(text);
  if (!zm) throw new BillError(line, 'the columns are not where they must be');
  const amount = parseAmount(zm.amount.replace(/^0+(?=\d)/, ''));
  const fee = decodeSigned(zm.fee);
  if (amount === undefined || fee === undefined) throw new BillError(line, 'an amount is none');
  if (zm.mer_id !== about.mer_id) throw new BillError(line, 'a line of another merchant');
  const common = {
    line,
    amount,
    // The file says it from the merchant's side.
    fee: -fee,
    coupons:
      zm.discount === '' ? 0n : (parseAmount(zm.discount.replace(/^[CD]?0*(?=\d)/, '')) ?? 0n),
    at: timeOf(zm, line, about.date),
    state: `${zm.txn_type}/${zm.txn_sub_type}`,
  };
  if (zm.txn_type === TXN.pay) {
    return {
      ...common,
      kind: 'payment',
      wallet_reference: zm.order_id,
      wallet_transaction_id: zm.query_id,
    };
  }
  if (zm.txn_type !== TXN.refund && zm.txn_type !== TXN.undo) {
    throw new BillError(line, `the trade type "${zm.txn_type}" is unknown`);
  }
  return {
    ...common,
    kind: 'refund',
    wallet_reference: zm.orig_order_id === '' ? zm.reserved : zm.orig_order_id,
    wallet_transaction_id: zm.orig_query_id,
    refund_reference: zm.order_id,
    wallet_refund_id: zm.query_id,
  };
}
