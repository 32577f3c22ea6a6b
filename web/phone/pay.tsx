import { Amount, yuanText } from '../design/amount.tsx';
import { ResultMark, WalletBadge } from '../design/marks.tsx';
import { walletName } from '../design/wallet-names.ts';
import { Hand } from './hand.tsx';
import { Keypad } from './keypad.tsx';
import type { ScreenProps } from './page.tsx';
import { inHand, type PhoneView, phoneHref } from './view.ts';

type PayScreen = Extract<PhoneView['screen'], { kind: 'pay' }>;

/** One thing at a time: how much, to whom, from which wallet, and the password. */
export function PaySheet({ view, say, screen }: ScreenProps & { screen: PayScreen }) {
  const known = {
    payee: screen.payee,
    person: view.person.name[view.language],
    wallet: walletName(view.wallet, view.language),
    amount: yuanText(screen.amount),
  };
  return (
    <section class="pay" aria-labelledby="pay-title">
      <WalletBadge wallet={view.wallet} language={view.language} />
      <h1 id="pay-title">{say(screen.asks === 'scan' ? 'pay_title' : 'prompt_title')}</h1>
      <p>{say('pay_to', known)}</p>
      <p>
        <Amount amount={screen.amount} size="huge" />
      </p>
      <p class="quiet small">{screen.description}</p>
      <p class="quiet small">{say('pay_from', known)}</p>
      {view.error === 'insufficient_balance' ? (
        <TopUp view={view} say={say} screen={screen} />
      ) : null}
      <form method="post" action={screen.asks === 'scan' ? '/confirm' : '/prompt'}>
        <Hand view={view} />
        <input type="hidden" name="id" value={screen.id} />
        <label for="password">{say('password')}</label>
        <input
          id="password"
          class="password"
          name="password"
          type="password"
          inputmode="numeric"
          pattern="[0-9]{6}"
          maxlength={6}
          autocomplete="off"
          aria-describedby="password-help"
        />
        <p id="password-help" class="quiet small">
          {say('password_help')}
        </p>
        <Keypad say={say} />
        <button type="submit" class="button wide wallet-button" name="outcome" value="pay">
          {say('pay_button', known)}
        </button>
        <button type="submit" class="button link wide" name="outcome" value="cancel" formnovalidate>
          {say('cancel')}
        </button>
      </form>
    </section>
  );
}

/** The way out of an empty purse, without leaving the payment. */
function TopUp({ view, say, screen }: ScreenProps & { screen: PayScreen }) {
  return (
    <form class="top-up" method="post" action="/balance">
      <Hand view={view} />
      <input type="hidden" name="asks" value={screen.asks} />
      <input type="hidden" name="id" value={screen.id} />
      <button type="submit" class="button plain wide" name="amount" value={`${screen.amount}`}>
        {say('top_up', { amount: yuanText(screen.amount) })}
      </button>
    </form>
  );
}

type DoneScreen = Extract<PhoneView['screen'], { kind: 'done' }>;

export function Done({ view, say, screen }: ScreenProps & { screen: DoneScreen }) {
  const paid = screen.state === 'paid';
  return (
    <section class="pay" aria-labelledby="done-title">
      <ResultMark kind={paid ? 'paid' : 'closed'} />
      <h1 id="done-title" role="status">
        {say(paid ? 'paid_title' : 'cancelled_title')}
      </h1>
      <p>
        <Amount amount={screen.amount} size="huge" />
      </p>
      <p class="quiet">{say(paid ? 'paid_next' : 'cancelled_next')}</p>
      <a class="button wide wallet-button" href={phoneHref('/', inHand(view))}>
        {say('done')}
      </a>
    </section>
  );
}
