import type { Law } from '../check/law.ts';
import { ANSWER_LAWS } from './answers.ts';
import { ATTEMPT_LAWS } from './attempts.ts';
import { BILL_LAWS } from './bills.ts';
import { CHAIN_LAWS } from './chain.ts';
import { HOLD_LAWS } from './holds.ts';
import { INBOX_LAWS } from './inbox.ts';
import { INTENT_LAWS } from './intents.ts';
import { LEDGER_LAWS } from './ledger.ts';
import { OUTBOX_LAWS } from './outbox.ts';
import { PART_LAWS } from './parts.ts';
import { PAYMENT_LAWS } from './payments.ts';
import { REFUND_LAWS } from './refunds.ts';
import { SETTLEMENT_LAWS } from './settlement.ts';

/** Where the money is. */
export const MONEY_LAWS: readonly Law[] = [
  ...LEDGER_LAWS,
  ...PAYMENT_LAWS,
  ...PART_LAWS,
  ...REFUND_LAWS,
  ...HOLD_LAWS,
  ...SETTLEMENT_LAWS,
  ...BILL_LAWS,
];

/** All laws of the hub, in one list. */
export const LAWS: readonly Law[] = [
  ...MONEY_LAWS,
  ...CHAIN_LAWS,
  ...ANSWER_LAWS,
  ...ATTEMPT_LAWS,
  ...INBOX_LAWS,
  ...OUTBOX_LAWS,
  ...INTENT_LAWS,
];
