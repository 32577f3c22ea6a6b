import { shanghaiTime } from '../../src/clock.ts';
import type { Of } from '../../src/sandbox/phone/device.ts';
import type { ReceivableTransfer } from '../../src/sandbox/sandbox.ts';
import { Amount } from '../design/amount.tsx';
import { WalletBadge } from '../design/marks.tsx';
import { Hand } from './hand.tsx';
import type { ScreenProps } from './page.tsx';

/** Money that must be taken, or a consent that is asked for once. */
export function Receive({
  view,
  say,
  transfer,
}: ScreenProps & { transfer: Of<ReceivableTransfer> }) {
  const { wallet, id, payer, amount, description, expires_at, consent } = transfer;
  const until = shanghaiTime(expires_at).slice(5, 16).replace('T', ' ');
  return (
    <section class="pay" aria-labelledby="receive-title">
      <WalletBadge wallet={wallet} language={view.language} />
      <h1 id="receive-title">{say(consent ? 'consent_title' : 'receive_title')}</h1>
      <p>{say('receive_from', { payer })}</p>
      {consent ? (
        <p>{say('consent_text', { payer })}</p>
      ) : (
        <p>
          <Amount amount={amount} size="huge" />
        </p>
      )}
      <p class="quiet small">{description}</p>
      <p class="quiet small">{say('receive_until', { until })}</p>
      <form method="post" action="/receive">
        <Hand view={view} wallet={wallet} />
        <input type="hidden" name="id" value={id} />
        <button type="submit" class="button wide wallet-button" name="outcome" value="accept">
          {say(consent ? 'consent_accept' : 'receive_accept')}
        </button>
        <button type="submit" class="button link wide" name="outcome" value="decline">
          {say(consent ? 'consent_decline' : 'receive_decline')}
        </button>
      </form>
    </section>
  );
}
