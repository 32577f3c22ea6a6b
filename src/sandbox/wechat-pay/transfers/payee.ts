import { type GivenConsent, PhoneRefusal, type ReceivableTransfer } from '../../sandbox.ts';
import type { SandboxContext } from '../context.ts';
import type { ConsentRecord, TransferRecord } from './book.ts';
import { end, expireConsent, grantConsent } from './consents.ts';
import { expireTransfer, pay } from './progress.ts';

/**
 * What the payee does on the phone. The wallet has no declining of a transfer: closing the page
 * leaves it waiting until its 24 hours are over. A declined consent is closed.
 */
export function receivable(context: SandboxContext, person: string): ReceivableTransfer[] {
  const transfers = waiting(context).filter((record) => record.person === person);
  const consents = waitingConsents(context, person);
  return [
    ...transfers.map((record) => ({
      id: record.transfer_bill_no,
      payer: nameOf(context, record),
      amount: record.amount,
      description: record.remark,
      expires_at: new Date(record.expires_at),
    })),
    ...consents.map((record) => ({
      id: record.authorization_id,
      payer: nameOf(context, record),
      amount: 0n,
      description: record.perception ?? '',
      expires_at: new Date(record.expires_at),
      consent: true as const,
    })),
  ].sort((a, b) => a.expires_at.getTime() - b.expires_at.getTime());
}

/** Throws PhoneRefusal. */
export async function answerTransfer(
  context: SandboxContext,
  id: string,
  outcome: 'accept' | 'decline',
): Promise<{ state: 'accepted' | 'declined' }> {
  const transfer = waiting(context).find((record) => record.transfer_bill_no === id);
  const consent = transfer ? undefined : context.transfers.consentById(id);
  if (transfer) {
    if (outcome === 'accept') pay(context, transfer);
  } else if (consent) {
    expireConsent(context, consent);
    if (consent.state !== 'WAIT_USER_CONFIRM') throw new PhoneRefusal('transfer_over');
    if (outcome === 'accept') grantConsent(context, consent);
    else end(context, consent, 'USER_CLOSE');
  } else throw new PhoneRefusal('transfer_over');
  await context.store.committed();
  return { state: outcome === 'accept' ? 'accepted' : 'declined' };
}

/** What this person has agreed to, as their wallet lists it. */
export function givenConsents(context: SandboxContext, person: string): GivenConsent[] {
  return context.transfers.consentsOf(person).flatMap((record) => {
    const { authorization_id: id, authorized_at, display_name, perception } = record;
    if (record.state !== 'TAKING_EFFECT' || authorized_at === null) return [];
    const description = [display_name, perception].filter(Boolean).join(' · ');
    const payer = nameOf(context, record);
    return [{ id, payer, description, agreed_at: new Date(authorized_at) }];
  });
}

/** The payee withdraws it in their wallet. Throws PhoneRefusal. */
export async function withdrawConsent(
  context: SandboxContext,
  person: string,
  id: string,
): Promise<void> {
  const record = context.transfers.consentById(id);
  if (record?.person !== person || record.state !== 'TAKING_EFFECT') {
    throw new PhoneRefusal('transfer_over');
  }
  end(context, record, 'USER_CLOSE');
  await context.store.committed();
}

function waiting(context: SandboxContext): TransferRecord[] {
  for (const record of context.transfers.moving) expireTransfer(context, record);
  return context.transfers.moving.filter(({ state }) => state === 'WAIT_USER_CONFIRM');
}

function waitingConsents(context: SandboxContext, person: string): ConsentRecord[] {
  const all = context.transfers.consentsOf(person);
  for (const record of all) expireConsent(context, record);
  return all.filter(({ state }) => state === 'WAIT_USER_CONFIRM');
}

function nameOf(context: SandboxContext, { mchid }: { mchid: string }): string {
  return context.merchants.get(mchid)?.name ?? mchid;
}
