import { BILL_METHODS } from '../bills/methods.ts';
import { DIRECT_METHODS } from '../direct/methods.ts';
import { FUND_METHODS } from '../funds/methods.ts';
import { OPEN_METHODS } from '../open/methods.ts';
import { ROYALTY_METHODS } from '../royalty/methods.ts';
import { TRADE_METHODS } from '../trade/methods.ts';
import type { Method } from './method.ts';

/** Every method that answers with JSON; the page methods are beside them in `trade/`. */
export const METHODS: readonly Method[] = [
  ...TRADE_METHODS,
  ...ROYALTY_METHODS,
  ...DIRECT_METHODS,
  ...BILL_METHODS,
  ...FUND_METHODS,
  ...OPEN_METHODS,
];

const BY_NAME = new Map(METHODS.map((method) => [method.call, method]));

export function methodNamed(name: string): Method | undefined {
  return BY_NAME.get(name);
}
