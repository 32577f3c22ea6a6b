import type { WalletChoice } from '../../src/payments/payment.ts';
import { sayer } from '../design/language.ts';
import { WalletMark } from '../design/marks.tsx';
import { WALLET_APPS, walletName } from '../design/wallet-names.ts';
import type { CheckoutView } from './view.ts';
import { CHECKOUT_WORDS, type CheckoutKey, reasonKey } from './words.ts';

/**
 * One way to choose a wallet. Inside a wallet's own browser the choice begins with the wallet's
 * login, another origin, so it is a link: a form may not be redirected away under our CSP.
 */
export function WalletButton(props: {
  view: CheckoutView;
  choice: WalletChoice;
  label: CheckoutKey;
  style: 'tile' | 'button plain wide';
}) {
  const { view, choice } = props;
  const say = sayer(CHECKOUT_WORDS, view.language);
  const text = say(props.label, { wallet: walletName(choice.wallet, view.language) });
  if (choice.presentation === 'in_app') {
    return (
      <a class={props.style} href={`${view.path}/login/${choice.wallet}`}>
        <WalletMark wallet={choice.wallet} />
        <span>{text}</span>
      </a>
    );
  }
  return (
    <form method="post" action={`${view.path}/wallet`}>
      <input type="hidden" name="csrf" value={view.csrf} />
      <button type="submit" class={props.style} name="wallet" value={choice.wallet}>
        <WalletMark wallet={choice.wallet} />
        <span>{text}</span>
      </button>
    </form>
  );
}

export function Choose(props: { view: CheckoutView; choices: readonly WalletChoice[] }) {
  const { view, choices } = props;
  const say = sayer(CHECKOUT_WORDS, view.language);
  const open = choices.filter((choice) => choice.eligible);
  if (open.length === 0) return <NoWallet view={view} choices={choices} />;
  const inWallet = view.client !== 'desktop' && view.client !== 'phone';
  const host = open[0]?.wallet ?? 'wechat_pay';
  const next: CheckoutKey = inWallet
    ? 'choose_next_in_app'
    : view.client === 'phone'
      ? 'choose_next_phone'
      : 'choose_next_desktop';
  const elsewhere = choices.filter((choice) => choice.reason === 'not_in_this_browser');
  return (
    <section class="step" aria-labelledby="step-title">
      <h2 id="step-title">{say('choose_title')}</h2>
      <ul class="tiles">
        {open.map((choice) => (
          <li>
            <WalletButton view={view} choice={choice} label="pay_with" style="tile" />
          </li>
        ))}
      </ul>
      <p class="quiet">{say(next, { app: WALLET_APPS[host][view.language] })}</p>
      {elsewhere.map((choice) => (
        <p class="quiet small">
          {say('elsewhere', { wallet: walletName(choice.wallet, view.language) })}
        </p>
      ))}
    </section>
  );
}

function NoWallet(props: { view: CheckoutView; choices: readonly WalletChoice[] }) {
  const { view, choices } = props;
  const say = sayer(CHECKOUT_WORDS, view.language);
  const elsewhere = choices.some((choice) => choice.reason === 'not_in_this_browser');
  return (
    <section class="step" aria-labelledby="step-title">
      <h2 id="step-title">{say('none_title')}</h2>
      <ul class="reasons">
        {choices.map((choice) =>
          choice.reason === null ? null : (
            <li>
              {say(reasonKey(choice.reason), { wallet: walletName(choice.wallet, view.language) })}
            </li>
          ),
        )}
      </ul>
      <p>{say(elsewhere ? 'none_next_in_app' : 'none_next', { payee: view.payee })}</p>
    </section>
  );
}
