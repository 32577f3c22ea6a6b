import { toYuan } from '../../src/money.ts';

/** `¥1,234.50`: two decimals, thousands grouped. `amount` is fen. */
export function yuanText(amount: bigint): string {
  const [whole = '0', cents = '00'] = toYuan(amount < 0n ? -amount : amount).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${amount < 0n ? '−' : ''}¥${grouped}.${cents}`;
}

/** Tabular figures; `class` adds a size. */
export function Amount({ amount, size }: { amount: bigint; size?: 'large' | 'huge' }) {
  return <span class={size ? `amount ${size}` : 'amount'}>{yuanText(amount)}</span>;
}
