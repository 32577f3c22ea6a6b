import type { PhoneView } from './view.ts';

/** What every form of the phone carries: whose hand holds it. */
export function Hand({ view }: { view: PhoneView }) {
  return <input type="hidden" name="person" value={view.person.id} />;
}
