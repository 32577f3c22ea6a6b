import type { WalletChoice } from '../../src/payments/payment.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';
import { yuanText } from '../design/amount.tsx';
import { sayer } from '../design/language.ts';
import { WalletBadge } from '../design/marks.tsx';
import { WALLET_APPS, walletName } from '../design/wallet-names.ts';
import { WalletButton } from './choose.tsx';
import { QrCode } from './qr-code.tsx';
import type { CheckoutView, Handover } from './view.ts';
import { CHECKOUT_WORDS } from './words.ts';

interface PayProps {
  readonly view: CheckoutView;
  readonly wallet: WalletName;
}

function values(view: CheckoutView, wallet: WalletName) {
  return {
    wallet: walletName(wallet, view.language),
    app: WALLET_APPS[wallet][view.language],
    amount: yuanText(view.amount),
    payee: view.payee,
  };
}

export function Pay(
  props: PayProps & {
    attempt: string;
    handover: Handover;
    others: readonly WalletChoice[];
  },
) {
  const { view, wallet, handover } = props;
  return (
    <section class="step" aria-labelledby="step-title">
      <WalletBadge wallet={wallet} language={view.language} />
      {handover.kind === 'qr' ? <Qr view={view} wallet={wallet} code={handover.code} /> : null}
      {handover.kind === 'open' ? (
        <Open view={view} wallet={wallet} url={handover.url} attempt={props.attempt} />
      ) : null}
      {handover.kind === 'form' ? (
        <SendForm view={view} wallet={wallet} form={handover} attempt={props.attempt} />
      ) : null}
      {handover.kind === 'in_app' ? (
        <InApp view={view} wallet={wallet} params={handover.params} attempt={props.attempt} />
      ) : null}
      <CheckAgain view={view} label="refresh" />
      <Others view={view} others={props.others} />
    </section>
  );
}

function Qr({ view, wallet, code }: PayProps & { code: string }) {
  const say = sayer(CHECKOUT_WORDS, view.language);
  const known = values(view, wallet);
  return (
    <>
      <h2 id="step-title">{say('qr_title', known)}</h2>
      <div class="scan">
        <QrCode text={code} label={say('qr_alt', known)} />
        <ol class="steps">
          <li>{say('qr_step_open', known)}</li>
          <li>{say('qr_step_scan', known)}</li>
          <li>{say('qr_step_check', known)}</li>
        </ol>
      </div>
      <p class="quiet">{say('qr_next')}</p>
      <PhoneLink view={view} code={code} />
    </>
  );
}

/**
 * WeChat's phone page wants to know the site it was opened from: this one link sends the origin,
 * never the address of this page.
 */
function Open({ view, wallet, url, attempt }: PayProps & { url: string; attempt: string }) {
  const say = sayer(CHECKOUT_WORDS, view.language);
  const known = values(view, wallet);
  return (
    <>
      <h2 id="step-title">{say('open_title', known)}</h2>
      <a class="button wide" href={url} rel="noopener" referrerpolicy="origin" data-open={attempt}>
        {say('open_button', known)}
      </a>
      <p class="quiet">{say('open_next', known)}</p>
      <PhoneLink view={view} code={url} />
    </>
  );
}

/** The wallet wants the order by POST; the script sends it once, the button at any time. */
function SendForm(
  props: PayProps & { form: Extract<Handover, { kind: 'form' }>; attempt: string },
) {
  const { view, wallet, form } = props;
  const say = sayer(CHECKOUT_WORDS, view.language);
  const known = values(view, wallet);
  const link = `${form.url}?${new URLSearchParams(form.fields).toString()}`;
  return (
    <>
      <h2 id="step-title">{say('open_title', known)}</h2>
      <form method="post" action={form.url} data-send={props.attempt}>
        {Object.entries(form.fields).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button type="submit" class="button wide">
          {say('open_button', known)}
        </button>
      </form>
      <p class="quiet">{say('open_next', known)}</p>
      <PhoneLink view={view} code={link} />
    </>
  );
}

function InApp(props: PayProps & { params: Readonly<Record<string, string>>; attempt: string }) {
  const { view, wallet } = props;
  const say = sayer(CHECKOUT_WORDS, view.language);
  const known = values(view, wallet);
  return (
    <>
      <h2 id="step-title">{say('in_app_title', known)}</h2>
      <button
        type="button"
        class="button wide"
        data-bridge={wallet}
        data-attempt={props.attempt}
        data-params={JSON.stringify(props.params)}
        data-hint-ok={say('hint_ok', known)}
        data-hint-cancel={say('hint_cancel', known)}
        data-hint-fail={say('hint_fail', known)}
        data-hint-missing={say('hint_missing', known)}
      >
        {say('in_app_button', known)}
      </button>
      <noscript>
        <p class="notice bad">{say('in_app_needs_script', known)}</p>
      </noscript>
      <p class="quiet">{say('in_app_next', known)}</p>
    </>
  );
}

export function Asking(props: PayProps & { others: readonly WalletChoice[] }) {
  const { view, wallet } = props;
  const say = sayer(CHECKOUT_WORDS, view.language);
  const known = values(view, wallet);
  return (
    <section class="step" aria-labelledby="step-title">
      <WalletBadge wallet={wallet} language={view.language} />
      <h2 id="step-title">{say('asking_title', known)}</h2>
      <p class="quiet">{say('asking_next', known)}</p>
      <CheckAgain view={view} label="refresh_plain" />
      <Others view={view} others={props.others} />
    </section>
  );
}

/** Loads the page again; hidden by the script, which does it by itself. */
function CheckAgain({ view, label }: { view: CheckoutView; label: 'refresh' | 'refresh_plain' }) {
  const say = sayer(CHECKOUT_WORDS, view.language);
  return (
    <a class="button plain wide" href={view.path} data-manual>
      {say(label)}
    </a>
  );
}

function Others(props: { view: CheckoutView; others: readonly WalletChoice[] }) {
  const { view } = props;
  const say = sayer(CHECKOUT_WORDS, view.language);
  const others = props.others.filter((choice) => choice.eligible);
  if (others.length === 0) return null;
  return (
    <div class="others">
      <h3>{say('switch_title')}</h3>
      {others.map((choice) => (
        <WalletButton view={view} choice={choice} label="switch_to" style="button plain wide" />
      ))}
    </div>
  );
}

function PhoneLink({ view, code }: { view: CheckoutView; code: string }) {
  if (view.phone_url === undefined) return null;
  const say = sayer(CHECKOUT_WORDS, view.language);
  const href = new URL('/', view.phone_url);
  href.searchParams.set('code', code);
  href.searchParams.set('lang', view.language);
  return (
    <p class="sandbox">
      <a class="button plain" href={href.toString()} target="_blank" rel="noopener">
        {say('phone')}
      </a>
      <span class="quiet small">{say('phone_about')}</span>
    </p>
  );
}
