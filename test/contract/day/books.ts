import { expect } from 'vitest';
import { spanOfDay } from '../../../src/sandbox/days.ts';
import { type FundEntry, Funds } from '../../../src/sandbox/funds.ts';
import {
  type BillLine,
  type Bills,
  billDate,
  type FundLine,
  type PaymentLine,
  type SplitLine,
  type WantedBill,
} from '../../../src/wallets/products/bills.ts';
import { sandboxOf } from '../payments.ts';
import type { Merchant } from '../roles.ts';
import type { Desk } from './business.ts';
import { DATES } from './play.ts';

/** The bills of all three days, read by our parsers, beside the journal and the sandbox's books. */
const PURSES: Readonly<Record<string, Readonly<Record<'main' | 'operation', string | undefined>>>> =
  {
    wechat_pay: { main: 'BASIC', operation: 'OPERATION' },
    alipay: { main: 'account', operation: undefined },
    union_pay: { main: 'settlement', operation: undefined },
    douyin_pay: { main: 'BaseAccount', operation: undefined },
  };

interface Read {
  readonly lines: readonly BillLine[];
  readonly summary: unknown;
}

function billsOf({ stage }: Desk): Bills {
  if (!stage.wallet.bills) throw new Error('no bills');
  return stage.wallet.bills;
}

async function read(desk: Desk, merchant: Merchant, wanted: WantedBill): Promise<Read> {
  const asked_at = sandboxOf(desk.stage).now();
  const outcome = await billsOf(desk).fetch(merchant.account, { ...wanted, asked_at });
  if (outcome.kind === 'empty') return { lines: [], summary: undefined };
  if (outcome.kind !== 'bill') throw new Error(`${outcome.kind}: ${JSON.stringify(wanted)}`);
  const lines: BillLine[] = [];
  for await (const line of outcome.bill.lines()) lines.push(line);
  await outcome.bill.dispose();
  return { lines, summary: outcome.bill.summary() };
}

function total(amounts: readonly bigint[]) {
  return { count: amounts.length, amount: amounts.reduce((all, amount) => all + amount, 0n) };
}

/** Fees of payments and refunds, by what they were taken for or given back with. */
export type Fees = Map<string, bigint>;

/** Every payment and refund of a merchant, in the bill of its day and in no other. */
export async function comparePayments(desk: Desk, merchant: Merchant, fees: Fees): Promise<number> {
  const { journal } = desk;
  const bills = billsOf(desk);
  const known = ({ wallet_reference }: { wallet_reference: string }) =>
    !journal.erased.has(wallet_reference);
  const payments = journal.payments(merchant.role).filter(known);
  const refunds = journal.refunds(merchant.role).filter(known);
  const sellers = new Map(payments.map((each) => [each.wallet_reference, each.sub_merchant]));
  let count = 0;
  for (const date of DATES) {
    const { lines, summary } = await read(desk, merchant, { kind: 'payments', date });
    const found = lines as readonly PaymentLine[];
    const here = ({ at }: { at: Date }) => billDate(bills, at) === date;
    const due = [...payments, ...refunds].filter(here);
    const wanted = due.map((event) => [
      event.kind,
      event.wallet_reference,
      event.wallet_transaction_id,
      (event.kind === 'refund' && event.refund_reference) || '',
      event.amount,
      event.kind === 'payment' ? event.coupons : 0n,
    ]);
    expect(found.map(shown).sort(byText)).toEqual(wanted.sort(byText));
    for (const line of found) {
      const { wallet_reference, refund_reference } = line;
      fees.set(`${wallet_reference} ${refund_reference ?? line.kind}`, line.fee);
      if (line.sub_merchant === undefined) continue;
      expect([wallet_reference, line.sub_merchant]).toEqual([
        wallet_reference,
        sellers.get(wallet_reference),
      ]);
    }
    const of = (kind: string) =>
      due.filter((each) => each.kind === kind).map((each) => each.amount);
    if (due.length > 0) {
      expect(summary).toEqual({
        payments: total(of('payment')),
        refunds: total(of('refund')),
        fees: found.reduce((all, { fee }) => all + fee, 0n),
      });
    }
    count += found.length;
  }
  return count;
}

function shown(line: PaymentLine) {
  const { kind, wallet_reference, wallet_transaction_id, amount } = line;
  const coupons = kind === 'payment' ? line.coupons : 0n;
  const refund = line.refund_reference ?? '';
  return [kind, wallet_reference, wallet_transaction_id, refund, amount, coupons];
}

const byText = (a: readonly unknown[], b: readonly unknown[]) => (a.join() < b.join() ? -1 : 1);

/** What was shared and what came back, where the wallet has a bill of it. */
export async function compareShares(desk: Desk, merchant: Merchant): Promise<number> {
  const bills = billsOf(desk);
  if (!bills.kinds.includes('splits')) return 0;
  const shares = desk.journal.shares(merchant.role);
  let count = 0;
  for (const date of DATES) {
    const { lines, summary } = await read(desk, merchant, { kind: 'splits', date });
    const due = shares.filter(({ at }) => billDate(bills, at) === date);
    const found = lines as readonly SplitLine[];
    const each = ({
      kind,
      split_reference,
      wallet_transaction_id,
      receiver,
      amount,
    }: SplitLine) => [
      kind,
      split_reference,
      wallet_transaction_id,
      kind === 'split' ? receiver : '',
      amount,
    ];
    const wanted = due.map((event) => each({ ...event, line: 0, state: '', wallet_split_id: '' }));
    expect(found.map(each).sort(byText)).toEqual(wanted.sort(byText));
    const of = (kind: string) =>
      due.filter((share) => share.kind === kind).map((share) => share.amount);
    if (due.length > 0) {
      expect(summary).toEqual({ out: total(of('split')), in: total(of('split_return')) });
    }
    count += found.length;
  }
  return count;
}

export interface Holder {
  readonly number: string;
  readonly purse: 'main' | 'operation';
  /** How its fund-flow bill is asked for. */
  readonly merchant: Merchant;
  readonly wanted: Pick<WantedBill, 'kind' | 'sub_merchant' | 'purse'>;
}

/** Every account with a fund-flow bill: merchants', their other purses, their sellers'. */
export function holdersOf(desk: Desk): Holder[] {
  const { stage, merchants } = desk;
  const holders: Holder[] = [];
  for (const merchant of merchants.values()) {
    const number = stage.wallet.merchantNumber(merchant.account);
    const own = { number, merchant } as const;
    holders.push({ ...own, purse: 'main', wanted: { kind: 'funds' } });
    if (PURSES[stage.wallet.name]?.operation !== undefined) {
      holders.push({ ...own, purse: 'operation', wanted: { kind: 'funds', purse: 'operation' } });
    }
    for (const sub_merchant of merchant.sellers) {
      const wanted = { kind: 'funds', sub_merchant } as const;
      holders.push({ number: sub_merchant, merchant, purse: 'main', wanted });
    }
  }
  return holders;
}

function fundsOf({ stage }: Desk): Funds {
  return new Funds(sandboxOf(stage).store);
}

export function balanceOf(desk: Desk, holder: Pick<Holder, 'number' | 'purse'>): bigint {
  return fundsOf(desk).balance(holder.number, purseOf(desk, holder.purse));
}

const purseOf = ({ stage }: Desk, purse: Holder['purse']) =>
  PURSES[stage.wallet.name]?.[purse] ?? '';

/**
 * Line by line what the books have, each balance following from the one before it, across days,
 * and the last one what is on the account now.
 */
export async function compareFunds(desk: Desk, holder: Holder): Promise<number> {
  if (!billsOf(desk).kinds.includes('funds')) return 0;
  const funds = fundsOf(desk);
  const purse = purseOf(desk, holder.purse);
  const since = spanOfDay(DATES[0]).from;
  const before = funds.entries(holder.number, purse, { from: 0, to: since }).at(-1);
  let balance = before?.balance ?? 0n;
  let count = 0;
  for (const date of DATES) {
    const { lines, summary } = await read(desk, holder.merchant, { ...holder.wanted, date });
    const listed = lines as readonly FundLine[];
    // Alipay lists the newest movement first.
    const found = desk.stage.wallet.name === 'alipay' ? listed.toReversed() : listed;
    const entries = funds.entries(holder.number, purse, spanOfDay(date));
    const plain = ({ direction, amount, balance: left }: FundLine | FundEntry) =>
      `${direction} ${amount} ${left}`;
    expect(found.map(plain)).toEqual(entries.map(plain));
    for (const line of found) {
      balance += line.direction === 'in' ? line.amount : -line.amount;
      expect([line.entry_id, line.balance]).toEqual([line.entry_id, balance]);
    }
    const of = (way: string) =>
      found.filter((each) => each.direction === way).map((each) => each.amount);
    if (found.length > 0) expect(summary).toEqual({ in: total(of('in')), out: total(of('out')) });
    count += found.length;
  }
  expect(balance).toBe(funds.balance(holder.number, purse));
  return count;
}
