import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';
import { alipayWallet } from '../../src/wallets/alipay/wallet.ts';
import type { Wallet } from '../../src/wallets/wallet.ts';
import { wechatPayWallet } from '../../src/wallets/wechat-pay/wallet.ts';
import { duration } from './duration.ts';
import { LIMITS, type Limit } from './limit-list.ts';
import { table } from './table.ts';

/** Every limit with its value as the source has it; a constant that is gone stops the generator. */
export function limitsPage(): string {
  const chapters = Object.entries(LIMITS).map(([name, limits]) => {
    const rows = limits.map((limit) => [limit[0], valueOf(limit), `\`src/${limit[1]}\``]);
    return `## ${name}\n\n${table(['limit', 'value', 'where'], rows)}\n`;
  });
  return `# Limits

Every loop, queue, body, page, retry and wait has a limit. The main ones, with the values the code
has; those that are settings are in [settings](settings.md).

${chapters.join('\n')}
## Wallets

${walletTable()}
`;
}

function valueOf([, file, name, unit]: Limit): string {
  const value = constantOf(file, name);
  switch (unit) {
    case 'ms':
      return duration(value);
    case 's':
      return duration(value * 1000);
    case 'bytes':
      return value % 1024 === 0 ? `${value / 1024} KiB` : `${grouped(value)} bytes`;
    case 'fen':
      return `${grouped(value)} fen (¥${grouped(value / 100)})`;
    case 'count':
      return grouped(value);
    default:
      return unit satisfies never;
  }
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

/** `const NAME = 24 * 3_600_000;` → 86400000. Products of numbers and of other constants only. */
function constantOf(file: string, name: string): number {
  const text = readFileSync(join(packageRoot(), 'src', file), 'utf8');
  const found = new RegExp(`\\bconst ${name}(?:: [^=]+)? = ([^;]+);`).exec(text)?.[1];
  if (found === undefined) throw new Error(`src/${file} has no constant ${name}`);
  const factors = found.split('*').map((part) => part.trim().replace(/n$/, '').replaceAll('_', ''));
  const value = factors.reduce(
    (product, factor) => product * (/^\d+$/.test(factor) ? Number(factor) : Number.NaN),
    1,
  );
  if (!Number.isSafeInteger(value)) throw new Error(`src/${file}: cannot read ${name} = ${found}`);
  return value;
}

function walletTable(): string {
  const environment = { real: () => new Date(), timeout_ms: 1 };
  const wallets = [wechatPayWallet(environment), alipayWallet(environment)];
  const row = (what: string, value: (wallet: Wallet) => string) => [what, ...wallets.map(value)];
  const rows = [
    row('presentations', ({ capabilities }) => capabilities.presentations.join(', ')),
    row('least amount', ({ capabilities }) => `${grouped(Number(capabilities.min_amount))} fen`),
    row('largest amount', ({ capabilities }) => `${grouped(Number(capabilities.max_amount))} fen`),
    row('shortest life of an order', ({ capabilities }) => duration(capabilities.min_expiry_ms)),
    row('longest life of an order', ({ capabilities }) => duration(capabilities.max_expiry_ms)),
    row('refunds of one payment', ({ capabilities }) => String(capabilities.max_refunds)),
    row('days in which a refund is possible', ({ capabilities }) =>
      String(capabilities.refund_window_days),
    ),
  ];
  for (const wallet of wallets) wallet.stop();
  return table(['', ...wallets.map(({ name }) => `\`${name}\``)], rows);
}
