import { shanghaiTime } from '../../src/clock.ts';
import { Amount, yuanText } from '../design/amount.tsx';
import { type Language, type Say, sayer } from '../design/language.ts';
import { Frame, HouseHeader } from '../design/layout.tsx';
import { ResultMark, WalletBadge, WalletMark } from '../design/marks.tsx';
import { walletName } from '../design/wallet-names.ts';
import { Hand } from './hand.tsx';
import { Keypad } from './keypad.tsx';
import { ClockPanel, FaultPanel } from './panels.tsx';
import { type PhoneView, phoneHref } from './view.ts';
import { errorKey, historyKey, PHONE_WORDS, type PhoneKey } from './words.ts';

/** The whole phone: the device in the middle, the clock and the faults beside it. */
export function PhonePage({ view }: { view: PhoneView }) {
  const say = sayer(PHONE_WORDS, view.language);
  const other: Language = view.language === 'zh' ? 'en' : 'zh';
  const here = { person: view.person.id, wallet: view.wallet };
  const back =
    view.screen.kind === 'home'
      ? phoneHref('/', { ...here, code: view.screen.code, lang: other })
      : phoneHref('/', { ...here, lang: other });
  return (
    <Frame
      language={view.language}
      title={say('title')}
      skip_text={say('skip')}
      styles={['phone.css']}
      scripts={['phone.js']}
      header={<HouseHeader language={view.language} language_href={back} name={say('title')} />}
      footer={<footer class="foot">{say('about')}</footer>}
    >
      <div class="desk">
        <div class={`device ${view.wallet}`}>
          <div class="status">
            <span>{shanghaiTime(view.clock.now).slice(11, 16)}</span>
            <span class="status-name">{view.person.name[view.language]}</span>
          </div>
          <div class="screen">
            {view.error === null ? null : (
              <p class="notice bad" role="alert">
                {say(errorKey(view.error))}
              </p>
            )}
            <ScreenView view={view} say={say} />
          </div>
        </div>
        <div class="panels">
          <ClockPanel view={view} />
          <FaultPanel view={view} />
        </div>
      </div>
    </Frame>
  );
}

interface ScreenProps {
  readonly view: PhoneView;
  readonly say: Say<PhoneKey>;
}

function ScreenView({ view, say }: ScreenProps) {
  switch (view.screen.kind) {
    case 'home':
      return <Home view={view} say={say} code={view.screen.code} />;
    case 'pay':
      return <PaySheet view={view} say={say} screen={view.screen} />;
    case 'done':
      return <Done view={view} say={say} screen={view.screen} />;
    default:
      return view.screen satisfies never;
  }
}

function Home({ view, say, code }: ScreenProps & { code: string }) {
  const { language, person, wallet } = view;
  return (
    <>
      <h1 class="visually-hidden">{say('title')}</h1>
      <Choosers view={view} say={say} code={code} />
      <form class="scan-form" method="post" action="/scan">
        <Hand view={view} />
        <label for="code">{code === '' ? say('scan_label') : say('code_ready')}</label>
        <textarea
          id="code"
          name="code"
          rows={code === '' ? 2 : 3}
          maxlength={4096}
          required
          spellcheck={false}
          autocomplete="off"
          aria-describedby="scan-help"
        >
          {code}
        </textarea>
        {code === '' ? (
          <button type="submit" class="button wide wallet-button" name="wallet" value={wallet}>
            {say('scan_button', { wallet: walletName(wallet, language) })}
          </button>
        ) : null}
        <button
          type="submit"
          class={code === '' ? 'button plain wide' : 'button wide wallet-button'}
          name="wallet"
          value=""
        >
          {say(code === '' ? 'scan_any' : 'scan')}
        </button>
        <p id="scan-help" class="quiet small">
          {say('scan_help')}
        </p>
      </form>
      <History view={view} say={say} person={person.name[language]} />
    </>
  );
}

/** Who holds the phone, and with which wallet open; a change keeps the code in front of it. */
function Choosers({ view, say, code }: ScreenProps & { code: string }) {
  const kept: Record<string, string> = code === '' ? {} : { code };
  return (
    <>
      <nav class="people" aria-label={say('whose')}>
        {view.people.map((person) => (
          <a
            href={phoneHref('/', { person: person.id, wallet: view.wallet, ...kept })}
            aria-current={person.id === view.person.id ? 'true' : undefined}
          >
            {person.name[view.language]}
          </a>
        ))}
      </nav>
      <nav class="wallets" aria-label={say('which')}>
        {view.wallets.map(({ wallet, balance }) => (
          <a
            class={wallet}
            href={phoneHref('/', { person: view.person.id, wallet, ...kept })}
            aria-current={wallet === view.wallet ? 'true' : undefined}
          >
            <WalletMark wallet={wallet} />
            <span class="wallet-name">{walletName(wallet, view.language)}</span>
            <span class="visually-hidden">{say('balance')} </span>
            <Amount amount={balance} />
          </a>
        ))}
      </nav>
    </>
  );
}

type PayScreen = Extract<PhoneView['screen'], { kind: 'pay' }>;

function PaySheet({ view, say, screen }: ScreenProps & { screen: PayScreen }) {
  const known = {
    payee: screen.payee,
    person: view.person.name[view.language],
    wallet: walletName(view.wallet, view.language),
    amount: yuanText(screen.amount),
  };
  return (
    <section class="pay" aria-labelledby="pay-title">
      <WalletBadge wallet={view.wallet} language={view.language} />
      <h1 id="pay-title">{say('pay_title')}</h1>
      <p>{say('pay_to', known)}</p>
      <p>
        <Amount amount={screen.amount} size="huge" />
      </p>
      <p class="quiet small">{screen.description}</p>
      <p class="quiet small">{say('pay_from', known)}</p>
      <form method="post" action="/confirm">
        <Hand view={view} />
        <input type="hidden" name="wallet" value={view.wallet} />
        <input type="hidden" name="scan" value={screen.scan} />
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

type DoneScreen = Extract<PhoneView['screen'], { kind: 'done' }>;

function Done({ view, say, screen }: ScreenProps & { screen: DoneScreen }) {
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
      <a
        class="button wide wallet-button"
        href={phoneHref('/', { person: view.person.id, wallet: view.wallet })}
      >
        {say('done')}
      </a>
    </section>
  );
}

function History({ view, say, person }: ScreenProps & { person: string }) {
  return (
    <section class="history" aria-labelledby="history-title">
      <h2 id="history-title">{say('history', { person })}</h2>
      {view.history.length === 0 ? (
        <p class="quiet small">{say('history_none')}</p>
      ) : (
        <ul>
          {view.history.map((entry) => (
            <li>
              <span>
                {say(historyKey(entry.state), { amount: yuanText(entry.refunded) })}
                <span class="quiet small when">
                  {entry.paid_at === null
                    ? ''
                    : shanghaiTime(new Date(entry.paid_at)).slice(5, 16).replace('T', ' ')}
                </span>
              </span>
              <Amount amount={-entry.amount} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
