import type { App } from '../app.ts';
import type { BillDay } from './bill.ts';
import { actionsOf, type Break } from './breaks/break.ts';

/** Bills and breaks as the API shows them. */
const DAY_MS = 86_400_000;

/** Fen as a JSON integer, which may be negative here. */
export function signedOnWire(amount: bigint): number {
  const wire = Number.parseInt(amount.toString(), 10);
  if (!Number.isSafeInteger(wire)) throw new RangeError('amount beyond JSON integers');
  return wire;
}

export function renderBill(app: Pick<App, 'config'>, bill: BillDay) {
  return {
    id: bill.id,
    object: 'bill' as const,
    created_at: bill.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    wallet_account: bill.wallet_account_id,
    date: bill.date,
    state: bill.state,
    problem: bill.problem,
    runs: bill.runs,
    report: bill.report,
    closed_at: bill.closed_at?.toISOString() ?? null,
  };
}

export function renderBreak(app: Pick<App, 'config' | 'clock'>, found: Break) {
  const open = found.state === 'open';
  const actions = open ? actionsOf(found) : [];
  const end = found.resolved_at ?? app.clock.real();
  return {
    id: found.id,
    object: 'break' as const,
    created_at: found.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    wallet_account: found.wallet_account_id,
    bill: found.bill_id,
    payment: found.payment_id,
    kind: found.kind,
    about: found.about,
    subject: found.subject,
    amount: found.amount === null ? null : signedOnWire(found.amount),
    fee: found.fee === null ? null : signedOnWire(found.fee),
    currency: 'CNY' as const,
    state: found.state,
    age_days: Math.max(0, Math.floor((end.getTime() - found.created_at.getTime()) / DAY_MS)),
    actions,
    suggested_action: actions[0] ?? null,
    detail: found.detail,
    trail: found.trail,
    resolved_at: found.resolved_at?.toISOString() ?? null,
  };
}
