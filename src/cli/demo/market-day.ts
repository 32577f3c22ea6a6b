import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hold, Payment } from '../../client/client.ts';
import { type BusinessDate, businessDate } from '../../clock.ts';
import { first, type Market, openMarket, WALLET } from './market.ts';
import { codeOf, untilPaid } from './orders.ts';
import { ledgerTrouble, PERSON, print, printTable, type Stage, until, yuan } from './stage.ts';

/**
 * A marketplace's day: an order in escrow with the platform's commission, a refund after the
 * release, and when the day is over its settlement, the seller's payout, the statement, and the
 * wallet's bill. @returns the exit code
 */
export async function runMarketDay(stage: Stage): Promise<number> {
  const market = await openMarket(stage);
  const { account, seller, sub_merchant } = market;
  tell('account', `${account.wallet_merchant}, a platform at WeChat Pay; the wallet holds`);
  tell('seller', `${seller.name}, ${sub_merchant} at the wallet`);
  const day = await today(stage);
  const payment = await buyInEscrow(market);
  await release(market, payment);
  await refund(market, payment);
  await pass(stage, 'P2D', '48 hours');
  const off = [...(await settle(market, day)), ...(await payOut(market))];
  off.push(...(await compareBill(market, day)));
  await printStatement(market, day);
  off.push(...(await ledgerTrouble(stage)));
  for (const line of off) print(line);
  print(off.length === 0 ? `${day} at the market: all well` : `${off.length} wrong`);
  return off.length === 0 ? 0 : 1;
}

const INDENT = ' '.repeat(9);

function tell(what: string, text: string): void {
  print(`${what.padEnd(INDENT.length + 2)}${text}`);
}

async function today({ phone }: Stage): Promise<BusinessDate> {
  const { now } = await phone.call<{ now: string }>('/api/clock');
  return businessDate(new Date(now));
}

/** The hub looks every half a second what the clock says. */
const HUB_LOOKS_MS = 1_000;

/** Business time goes on for all wallets and the hub. */
async function pass(stage: Stage, advance: string, words: string): Promise<void> {
  await stage.phone.call('/api/clock', { advance });
  await sleep(HUB_LOOKS_MS);
  tell('clock', `${words} go by`);
}

const AMOUNT = 20_000;
const COMMISSION_PERCENT = '5';
const REFUND = 5_000;

async function buyInEscrow({ stage, platform, seller, receiver }: Market): Promise<Payment> {
  const reference = `market-${randomUUID()}`;
  const payment = await platform.payments.create(
    {
      merchant: seller.id,
      amount: AMOUNT,
      currency: 'CNY',
      description: 'Demo order: oolong tea, 500 g',
      order: { reference },
      capture: 'escrow',
      release_after_days: 7,
      splits: [{ receiver, role: 'platform', percent: COMMISSION_PERCENT }],
    },
    { idempotency_key: reference },
  );
  const attempt = await platform.payments.createAttempt(
    payment.id,
    { wallet: WALLET, presentation: 'qr' },
    { idempotency_key: `${reference}-qr` },
  );
  await stage.phone.pay(PERSON, WALLET, codeOf(attempt));
  const paid = await untilPaid({ client: platform }, payment.id);
  tell('order', `${yuan(AMOUNT)} paid and held, ${COMMISSION_PERCENT} % for the platform`);
  return paid;
}

async function release(market: Market, { id }: Payment): Promise<void> {
  const { platform } = market;
  await platform.holds.ship(id, { shipment: { carrier: 'SF', number: 'SF1234567890' } });
  // The wallet shares what was paid half a minute ago at the earliest.
  await pass(market.stage, 'PT1M', '60 seconds');
  const asked = await platform.holds.confirmReceipt(id, { idempotency_key: `receipt-${id}` });
  const hold = await until<Hold>(
    () => platform.holds.get(asked.id),
    ({ state }) => state === 'released',
    ({ state }) => state,
  );
  const { released_amount, shared_amount } = hold;
  tell('received', `${yuan(released_amount)} for the seller, ${yuan(shared_amount)} shared`);
}

async function refund({ platform }: Market, { id }: Payment): Promise<void> {
  const reference = 'one-bag-torn';
  const asked = await platform.payments.refund(
    id,
    { amount: REFUND, reason: 'one bag was torn', reference },
    { idempotency_key: `${id}-${reference}` },
  );
  await until(
    () => platform.refunds.get(asked.id),
    ({ state }) => state === 'succeeded',
    ({ state }) => state,
  );
  const splits = await platform.holds.splits((await platform.payments.get(id)).hold ?? '');
  const back = splits.filter(({ kind }) => kind === 'return').reduce((sum, s) => sum + s.amount, 0);
  tell('refund', `${yuan(REFUND)} to the payer, ${yuan(back)} of it out of the commission`);
}

/** The hub settles a day by itself soon after it; asked for, it does so now. */
async function settle({ platform, seller }: Market, date: BusinessDate): Promise<string[]> {
  await platform.settlements.run({ merchant: seller.id, date });
  const every = platform.settlements.all({ merchant: seller.id, date });
  const settled = await first(every, () => true);
  if (!settled) return ['there is no settlement'];
  const { gross_amount, refunded_amount, wallet_fees, platform_fees, shares, adjustments } =
    settled;
  const sum = gross_amount - refunded_amount - wallet_fees - platform_fees - shares + adjustments;
  tell('settlement', `of ${date}, ${settled.lines} lines`);
  const rows = [
    ['turnover', gross_amount],
    ['refunds', -refunded_amount],
    ["wallet's fees", -wallet_fees],
    ['commission', -platform_fees - shares],
    ['adjustments', adjustments],
    ['net', settled.net_amount],
  ] as const;
  printTable(
    rows.map(([what, fen]) => [INDENT, what, yuan(fen)]),
    1,
  );
  return sum === settled.net_amount ? [] : ['the settlement does not add up'];
}

/** All that may leave, to the bank account that the seller has at the wallet. */
async function payOut(market: Market): Promise<string[]> {
  const { platform, seller, account } = market;
  const asked = await platform.payouts.create(
    { merchant: seller.id, wallet_account: account.id },
    { idempotency_key: `payout-${randomUUID()}` },
  );
  await pass(market.stage, 'P1D', '24 hours');
  const paid = await until(
    () => platform.payouts.get(asked.id),
    ({ state }) => !['created', 'pending', 'unknown'].includes(state),
    ({ state }) => state,
  );
  tell('payout', `${yuan(paid.amount)} withdrawn to the seller's bank: ${paid.state}`);
  return paid.state === 'succeeded' ? [] : [`the payout is ${paid.state}`];
}

/** Bills are fetched by schedule as well; asked for, the hub compares the day now. */
async function compareBill({ operator, account }: Market, date: BusinessDate): Promise<string[]> {
  const asked = await operator.bills.create({ wallet_account: account.id, date });
  const bill = await until(
    () => operator.bills.get(asked.id),
    ({ state }) => state !== 'waiting',
    ({ state, problem }) => `${state} ${problem ?? ''}`,
  );
  const { report } = bill;
  if (!report) return [`the bill is ${bill.state}: ${bill.problem ?? ''}`];
  const breaks = report.breaks.reduce((sum, { count }) => sum + count, 0);
  const { net } = report;
  tell(
    'bill',
    `of ${date}, ${report.lines} lines: net ${yuan(net.bill)} there, ${yuan(net.books)} here, ` +
      `${breaks} breaks, ${yuan(net.difference)} unexplained`,
  );
  return breaks === 0 && net.difference === 0 ? [] : ['the bill and the books differ'];
}

async function printStatement({ stage, platform, seller }: Market, from: BusinessDate) {
  const rows: string[][] = [];
  const query = { from, to: await today(stage) };
  for await (const { kind, amount, balance } of platform.merchants.statementLines(
    seller.id,
    query,
  )) {
    rows.push([kind, yuan(amount), yuan(balance)]);
  }
  print();
  printTable([['statement', 'amount', 'balance'], ...rows], 2);
  print();
}
