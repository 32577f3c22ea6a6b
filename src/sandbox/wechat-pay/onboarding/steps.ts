import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { notFound } from '../sharing/rules.ts';
import type { Application, Step } from './applications.ts';

/** How an application goes on: by itself as business time passes, by the sign page, or by hand. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const LASTS: Readonly<Partial<Record<Step, number>>> = {
  checking: MINUTE_MS,
  verifying: HOUR_MS,
  auditing: DAY_MS,
  opening: 30 * MINUTE_MS,
};
const UNATTENDED_MS = 30 * DAY_MS;
export const PROOF_MS = 10 * DAY_MS;

/** Where a step leads when its time is over; undefined for one that waits or ends. */
function following({ family, step, findings, applicant }: Application): Step | undefined {
  const wrong = findings.length > 0;
  switch (step) {
    case 'checking':
      if (wrong) return 'rejected';
      return applicant.account.type === 'BUSINESS' ? 'verifying' : 'auditing';
    case 'verifying':
      return family === 'platform' ? 'auditing' : 'signing';
    case 'auditing':
      if (wrong) return 'rejected';
      return family === 'platform' ? 'signing' : 'verifying';
    case 'opening':
      return 'finished';
    case 'signing':
    case 'finished':
    case 'rejected':
    case 'frozen':
    case 'cancelled':
      return undefined;
    default:
      return step satisfies never;
  }
}

/** Takes every step whose time has come; asked before an application is shown. */
export function advance(context: SandboxContext, application: Application): void {
  const now = context.clock.now().getTime();
  for (;;) {
    const { step, step_at, family } = application;
    const cancels = family === 'partner' && step === 'signing';
    const end = step_at + (cancels ? UNATTENDED_MS : (LASTS[step] ?? 0));
    const next = cancels ? 'cancelled' : following(application);
    if (next === undefined || now < end) return;
    enter(context, application, { step: next, at: end });
  }
}

/** The caller's application by the wallet's number or its own, as it is by now. */
export function ownApplication(
  context: SandboxContext,
  { mchid }: Merchant,
  by: { applyment_id: string | undefined; number: string | undefined },
): Application {
  const { applyment_id, number = '' } = by;
  const found =
    applyment_id === undefined
      ? context.applications.ofNumber(mchid, number)
      : context.applications.ofId(applyment_id);
  if (found?.mchid !== mchid) throw notFound('申请单不存在');
  advance(context, found);
  return found;
}

/** Puts an application into a step; the last one makes the seller. */
export function enter(
  context: SandboxContext,
  application: Application,
  next: { step: Step; at: number },
): void {
  application.step = next.step;
  application.step_at = next.at;
  if (next.step === 'finished') finish(context, application);
  context.applications.put(application);
}

/** Pressed on the sign page; false when there is nothing to sign. */
export function sign(context: SandboxContext, application: Application): boolean {
  advance(context, application);
  if (application.step !== 'signing') return false;
  const step = application.family === 'platform' ? 'finished' : 'opening';
  enter(context, application, { step, at: context.clock.now().getTime() });
  return true;
}

function finish(context: SandboxContext, application: Application): void {
  if (application.sub_mchid !== null) return;
  const { applicant, mchid } = application;
  const seller = context.sub_merchants.add({
    sp_mchid: mchid,
    name: applicant.name,
    ...(applicant.sub_appid === null ? {} : { sub_appid: applicant.sub_appid }),
    now: application.step_at,
    account: applicant.account,
  });
  application.sub_mchid = seller.sub_mchid;
  const url = context.sharing.address('applyments', mchid);
  if (url === undefined) return;
  context.notices.send({
    mchid,
    url,
    event_type: 'APPLYMENT_STATE.APPROVED',
    content: {
      applyment_id: Number.parseInt(application.applyment_id, 10),
      ...(application.family === 'platform'
        ? { out_request_no: application.number, applyment_state: 'FINISH' }
        : { business_code: application.number, applyment_state: 'APPLYMENT_STATE_FINISHED' }),
      sub_mchid: seller.sub_mchid,
    },
  });
}
