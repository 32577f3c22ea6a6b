import type { WalletCall } from '../calls.ts';
import { BILL_CALLS } from './bills/calls.ts';
import { ORDER_CALLS } from './orders/calls.ts';
import { REFUND_CALLS } from './refunds/calls.ts';

/** Every call this connector makes: timeouts and limits are read from here. */
export const CALLS: readonly WalletCall[] = [...ORDER_CALLS, ...REFUND_CALLS, ...BILL_CALLS];
