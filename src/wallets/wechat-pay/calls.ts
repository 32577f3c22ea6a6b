import type { WalletCall } from '../calls.ts';
import { BILL_CALLS } from './bills/calls.ts';
import { ECOMMERCE_CALLS } from './ecommerce/calls.ts';
import { ORDER_CALLS } from './orders/calls.ts';
import { PAYOUT_CALLS } from './payouts/calls.ts';
import { REFUND_CALLS } from './refunds/calls.ts';
import { SPLIT_CALLS } from './splits/calls.ts';
import { TRUST_CALLS } from './trust/calls.ts';

/** Every call this connector makes: timeouts and limits are read from here. */
export const CALLS: readonly WalletCall[] = [
  ...ORDER_CALLS,
  ...REFUND_CALLS,
  ...SPLIT_CALLS,
  ...ECOMMERCE_CALLS,
  ...BILL_CALLS,
  ...PAYOUT_CALLS,
  ...TRUST_CALLS,
];
