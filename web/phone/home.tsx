import { shanghaiTime } from '../../src/clock.ts';
import { Amount, yuanText } from '../design/amount.tsx';
import { WalletMark } from '../design/marks.tsx';
import { walletName } from '../design/wallet-names.ts';
import { Hand } from './hand.tsx';
import type { ScreenProps } from './page.tsx';
import { inHand, phoneHref } from './view.ts';
import { historyKey } from './words.ts';

/** What waits comes first, then what one does with a wallet: show a code, scan one. */
export function Home({ view, say, code }: ScreenProps & { code: string }) {
  return (
    <>
      <h1 class="visually-hidden">{say('title')}</h1>
      <Choosers view={view} say={say} code={code} />
      {code === '' ? (
        <>
          <Waiting view={view} say={say} />
          <a class="button wide wallet-button" href={phoneHref('/code', inHand(view))}>
            {say('show_code', { wallet: walletName(view.wallet, view.language) })}
          </a>
          <CodesAround view={view} say={say} />
        </>
      ) : null}
      <ScanForm view={view} say={say} code={code} />
      <Consents view={view} say={say} />
      <History view={view} say={say} />
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

/** Charges that wait for the password and money that waits to be taken, in any wallet. */
function Waiting({ view, say }: ScreenProps) {
  const { person, prompts, transfers } = view;
  if (prompts.length + transfers.length === 0) return null;
  return (
    <section class="waiting" aria-labelledby="waiting-title">
      <h2 id="waiting-title">{say('waiting')}</h2>
      <ul class="cards">
        {prompts.map(({ wallet, id, payee, amount }) => (
          <li>
            <a href={phoneHref('/prompt', { person: person.id, wallet, id })}>
              <WalletMark wallet={wallet} />
              <span>{say('prompt_card', { payee })}</span>
              <Amount amount={amount} />
            </a>
          </li>
        ))}
        {transfers.map(({ wallet, id, payer, amount, consent }) => (
          <li>
            <a href={phoneHref('/receive', { person: person.id, wallet, id })}>
              <WalletMark wallet={wallet} />
              <span>{say(consent ? 'consent_card' : 'transfer_card', { payer })}</span>
              {consent ? null : <Amount amount={amount} />}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Who may send money without asking; each can be withdrawn here. */
function Consents({ view, say }: ScreenProps) {
  if (view.consents.length === 0) return null;
  return (
    <section class="waiting" aria-labelledby="consents-title">
      <h2 id="consents-title">{say('consents')}</h2>
      <ul class="cards">
        {view.consents.map(({ wallet, id, payer, description }) => (
          <li>
            <form method="post" action="/consent">
              <Hand view={view} wallet={wallet} />
              <input type="hidden" name="id" value={id} />
              <button type="submit">
                <WalletMark wallet={wallet} />
                <span>
                  {say('consent_withdraw', { payer })}
                  <span class="quiet small"> {description}</span>
                </span>
              </button>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
}

const SHOWN_CODES = 5;

/** A tap instead of pointing the camera at a shop's screen. */
function CodesAround({ view, say }: ScreenProps) {
  if (view.codes.length === 0) return null;
  return (
    <section class="waiting" aria-labelledby="codes-title">
      <h2 id="codes-title">{say('codes')}</h2>
      <ul class="cards">
        {view.codes.slice(0, SHOWN_CODES).map(({ wallet, code, payee, amount, description }) => (
          <li>
            <form method="post" action="/scan">
              <Hand view={view} wallet={wallet} />
              <input type="hidden" name="code" value={code} />
              <button type="submit">
                <WalletMark wallet={wallet} />
                <span>
                  {payee}
                  <span class="quiet small line">{description}</span>
                </span>
                <Amount amount={amount} />
              </button>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ScanForm({ view, say, code }: ScreenProps & { code: string }) {
  const { language, wallet } = view;
  return (
    <form class="scan-form" method="post" action="/scan">
      <Hand view={view} wallet={null} />
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
  );
}

function History({ view, say }: ScreenProps) {
  const person = view.person.name[view.language];
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
