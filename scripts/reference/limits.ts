import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import { allConnectors } from '../../src/wallets/connectors.ts';
import type { Wallet } from '../../src/wallets/wallet.ts';
import { duration } from './duration.ts';
import { LIMITS, type Limit } from './limit-list.ts';
import { table } from './table.ts';

/** Every limit with its value as the source has it; a constant that is gone stops the generator. */
export function limitsPage(): string {
  const chapters = Object.entries(LIMITS).map(([name, limits]) => {
    const rows = limits.map((limit) => [limit[0], shownValue(limit)]);
    return `## ${name}\n\n${table(['limit', 'value'], rows)}\n`;
  });
  return `# Limits

Every loop, queue, body, page, retry and wait has a limit. The main ones, with the values the code
has; those that are settings are in [settings](settings.md).

${chapters.join('\n')}
## Wallets

What each connector states. A dash: the wallet has no such product, or the connector does not offer it.
The rate of each call, and its time where it is not the usual one, are on [coverage](coverage.md).

${walletTable()}
`;
}

function shownValue([, file, name, unit]: Limit): string {
  const value = constantOf(file, name);
  switch (unit) {
    case 'ms':
      return duration(value);
    case 's':
      return duration(value * 1000);
    case 'bytes':
      return bytes(value);
    case 'fen':
      return `${grouped(value)} fen (¥${grouped(value / 100)})`;
    case 'count':
      return grouped(value);
    default:
      return unit satisfies never;
  }
}

function bytes(value: number): string {
  if (value % 1024 !== 0) return `${grouped(value)} bytes`;
  const kibibytes = value / 1024;
  return kibibytes % 1024 === 0 ? `${kibibytes / 1024} MiB` : `${kibibytes} KiB`;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** `const NAME = 24 * 3_600_000;` → 86400000. Products of numbers only. */
function constantOf(file: string, name: string): number {
  const found = definitionIn(file, name) ?? definitionAnywhere(name);
  const factors = found.split('*').map((part) => part.trim().replace(/n$/, '').replaceAll('_', ''));
  const value = factors.reduce(
    (product, factor) => product * (/^\d+$/.test(factor) ? Number(factor) : Number.NaN),
    1,
  );
  if (!Number.isSafeInteger(value)) throw new Error(`src/${file}: cannot read ${name} = ${found}`);
  return value;
}

const source = join(packageRoot(), 'src');

function definitionIn(file: string, name: string): string | undefined {
  const path = join(source, file);
  if (!existsSync(path)) return undefined;
  const pattern = new RegExp(`\\bconst ${name}(?:: [^=]+)? = ([^;]+);`);
  return pattern.exec(readFileSync(path, 'utf8'))?.[1];
}

/** A constant that moved to another file, if its name says which one it is. */
function definitionAnywhere(name: string): string {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
  const found = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => definitionIn(file, name) ?? []);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`scripts/reference/limit-list.ts: where is the constant ${name} now?`);
  }
  return only;
}

function walletTable(): string {
  const wallets = allConnectors({ real: () => new Date(), timeout_ms: 1 });
  const row = (what: string, value: (wallet: Wallet) => string) => [what, ...wallets.map(value)];
  const rows = [
    row('presentations', ({ capabilities }) => capabilities.presentations.join(', ')),
    row('least amount', ({ capabilities }) => fen(capabilities.min_amount)),
    row('largest amount', ({ capabilities }) => fen(capabilities.max_amount)),
    row('shortest life of an order', ({ capabilities }) => duration(capabilities.min_expiry_ms)),
    row('longest life of an order', ({ capabilities }) => duration(capabilities.max_expiry_ms)),
    row('refunds of one payment', ({ capabilities }) => String(capabilities.max_refunds)),
    row('days in which a refund is possible', ({ capabilities }) =>
      String(capabilities.refund_window_days),
    ),
    row('orders in a combined one', ({ combined }) => orNone(combined?.max_parts)),
    row('receivers of one split', ({ splits }) => orNone(splits?.limits.max_parts)),
    row('splits of one payment', ({ splits }) => orNone(splits?.limits.max_requests)),
    row('least payout', ({ payouts }) => (payouts ? fen(payouts.min_amount) : '–')),
    row('largest payout', ({ payouts }) => (payouts ? fen(payouts.max_amount) : '–')),
    row(
      'bills',
      ({ bills }) => bills?.kinds.map((kind) => kind.replace('_', ' ')).join(', ') ?? '–',
    ),
    row('bills are there from', ({ bills }) => bills?.ready_at ?? '–'),
  ];
  for (const wallet of wallets) wallet.stop();
  return table(['', ...wallets.map(({ name }) => `\`${name}\``)], rows);
}

function fen(amount: bigint): string {
  return `${grouped(Number(amount))} fen`;
}

function orNone(count: number | undefined): string {
  return count === undefined ? '–' : grouped(count);
}
