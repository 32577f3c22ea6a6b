import type { WalletCall } from '../calls.ts';
import { BILL_CALLS } from './bills/calls.ts';
import { DIRECT_CALLS } from './direct/calls.ts';
import { PAYOUT_CALLS } from './payouts/calls.ts';
import { ROYALTY_CALLS } from './royalty/calls.ts';
import { TRADE_CALLS } from './trade/calls.ts';
import { TRUST_CALLS } from './trust/calls.ts';

/** Every call this connector makes: timeouts and limits are read from here. */
export const CALLS: readonly WalletCall[] = [
  ...TRADE_CALLS,
  ...ROYALTY_CALLS,
  ...DIRECT_CALLS,
  ...BILL_CALLS,
  ...PAYOUT_CALLS,
  ...TRUST_CALLS,
];
