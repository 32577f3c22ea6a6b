import type { PhoneView } from './view.ts';

/** What every form of the phone carries: whose hand holds it, and with which wallet open. */
export function Hand({ view, wallet }: { view: PhoneView; wallet?: string | null }) {
  return (
    <>
      <input type="hidden" name="person" value={view.person.id} />
      {wallet === null ? null : <input type="hidden" name="wallet" value={wallet ?? view.wallet} />}
    </>
  );
}
