import { textLines } from '../../products/bill-files.ts';
import type {
  BillFile,
  BillKind,
  BillLine,
  BillOutcome,
  Bills,
  WantedBill,
} from '../../products/bills.ts';
import { streamedBill } from '../../products/streamed-bill.ts';
import type { WalletTrace } from '../../wallet.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { type Client, callWallet } from '../client.ts';
import { notSent, toOutcome, unreadable } from '../refusals.ts';
import {
  ALL_SELLERS_FUND_BILL,
  FUND_BILL,
  SELLER_FUND_BILL,
  SPLIT_BILL,
  TRADE_BILL,
} from './calls.ts';
import { contentOf, fetchFile, linksOf, MAX_BILL_BYTES } from './files.ts';
import { fundLines, paymentLines, splitLines } from './lines.ts';

/**
 * Daily bills. The wallet says that one is being made, or that there is none: the second also for
 * a day that is not over, which the asker's clock tells from an empty one.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012791866
 */
export function bills(client: Client): Bills {
  return {
    kinds: ['payments', 'funds', 'seller_funds', 'splits'],
    ready_at: '10:00',
    refunds_by: 'accepted',
    transfer_purse: 'operation',
    fetch: (account, bill) => fetchBill(client, openAccount(account), bill),
    read: (_account, bill, file) => streamedBill(bill, () => linesOf(bill.kind, [file])),
  };
}

const PURSES = { main: 'BASIC', operation: 'OPERATION', fees: 'FEES' } as const;
const SEAL = { algorithm: 'AEAD_AES_256_GCM' } as const;

interface Request {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The answer lists encrypted files. */
  readonly sealed: boolean;
}

function requestOf(bill: WantedBill): Request {
  const account_type = PURSES[bill.purse ?? 'main'];
  const seller = bill.sub_merchant === undefined ? undefined : { sub_mchid: bill.sub_merchant };
  switch (bill.kind) {
    case 'payments':
      return { path: TRADE_BILL, query: { bill_type: 'ALL', ...seller }, sealed: false };
    case 'splits':
      return { path: SPLIT_BILL, query: { ...seller }, sealed: false };
    case 'funds':
    case 'seller_funds':
      if (seller) {
        return {
          path: SELLER_FUND_BILL,
          query: { account_type, ...SEAL, ...seller },
          sealed: true,
        };
      }
      return bill.kind === 'funds'
        ? { path: FUND_BILL, query: { account_type }, sealed: false }
        : { path: ALL_SELLERS_FUND_BILL, query: { account_type: 'ALL', ...SEAL }, sealed: true };
    default:
      return bill.kind satisfies never;
  }
}

async function fetchBill(
  client: Client,
  account: MerchantAccount,
  bill: WantedBill,
): Promise<BillOutcome> {
  const { path, query, sealed } = requestOf(bill);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(bill.date)) {
    return notSent(`GET ${path}`, 'A bill is of one day, YYYY-MM-DD.');
  }
  const parameters = new URLSearchParams({ bill_date: bill.date, tar_type: 'GZIP', ...query });
  const target = `${path}?${parameters.toString()}`;
  const result = await callWallet(client, account, { method: 'GET', target, operation: path });
  if (result.kind === 'error') {
    const { trace } = result;
    if (result.code === 'STATEMENT_CREATING') return { kind: 'not_ready', trace };
    if (result.code === 'NO_STATEMENT_EXIST') {
      const asked_at = bill.asked_at ?? client.environment.real();
      return { kind: asked_at < readyAt(bill.date) ? 'not_ready' : 'empty', trace };
    }
  }
  if (result.kind !== 'answer') return toOutcome(result);
  const links = linksOf(result.content, sealed);
  if (!links) return unreadable(result.trace, 'no link, or no SHA-1 of the file');
  return fetchAll(client, account, { bill, links, trace: result.trace });
}

/** Ten o'clock in Shanghai on the day after. */
function readyAt(date: string): Date {
  return new Date(Date.parse(`${date}T10:00:00+08:00`) + 86_400_000);
}

async function fetchAll(
  client: Client,
  account: MerchantAccount,
  asked: {
    readonly bill: WantedBill;
    readonly links: NonNullable<ReturnType<typeof linksOf>>;
    readonly trace: WalletTrace;
  },
): Promise<BillOutcome> {
  const { bill } = asked;
  const files: Buffer[] = [];
  let left = MAX_BILL_BYTES;
  let { trace } = asked;
  for (const link of asked.links) {
    const wanted = { link, trace: asked.trace, max_bytes: left };
    const fetched = await fetchFile(client, account, wanted);
    if (fetched.kind !== 'file') return fetched;
    files.push(fetched.content);
    left -= fetched.content.length;
    ({ trace } = fetched);
  }
  if (files.length === 0) return { kind: 'empty', trace };
  return { kind: 'bill', bill: streamedBill(bill, () => linesOf(bill.kind, files)), trace };
}

/** Each file has its own header and totals; line numbers begin anew. */
export async function* linesOf(
  kind: BillKind,
  files: readonly BillFile[],
): AsyncGenerator<BillLine, void, undefined> {
  for (const file of files) {
    const lines = textLines(contentOf(file), 'utf-8');
    if (kind === 'payments') yield* paymentLines(lines);
    else if (kind === 'splits') yield* splitLines(lines);
    else yield* fundLines(lines);
  }
}
