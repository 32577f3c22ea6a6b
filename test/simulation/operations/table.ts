import { DAYS } from './days.ts';
import { ESCROW } from './escrow.ts';
import type { Operation } from './operation.ts';
import { ORDERS } from './orders.ts';
import { REFUNDS } from './refunds.ts';
import { SELLERS } from './sellers.ts';

/** What happens on the street: add a row to one of these and the simulator does it. */
export const OPERATIONS: readonly Operation[] = [
  ...ORDERS,
  ...REFUNDS,
  ...ESCROW,
  ...SELLERS,
  ...DAYS,
];
