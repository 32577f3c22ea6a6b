import type { Child } from 'hono/jsx';
import { shanghaiTime } from '../../src/clock.ts';
import { Amount } from '../design/amount.tsx';
import { type Language, sayer } from '../design/language.ts';
import { Frame, HouseHeader } from '../design/layout.tsx';
import { ResultMark, WalletPill } from '../design/marks.tsx';
import { WALLET_APPS, walletName } from '../design/wallet-names.ts';
import { Choose } from './choose.tsx';
import { Asking, Pay } from './pay.tsx';
import type { CheckoutView, Stage } from './view.ts';
import { CHECKOUT_WORDS, type CheckoutKey, noticeKey } from './words.ts';

const REFRESH_S = 5;

/** The whole checkout page of one payment in its present stage. */
export function CheckoutPage({ view }: { view: CheckoutView }) {
  const say = sayer(CHECKOUT_WORDS, view.language);
  const { stage } = view;
  const over = stage.kind === 'paid' || stage.kind === 'closed';
  const waiting = stage.kind === 'pay' || stage.kind === 'asking' || stage.kind === 'closing';
  const bridge =
    stage.kind === 'pay' && stage.handover.kind === 'in_app'
      ? stage.handover.bridge_url
      : undefined;
  return (
    <CheckoutFrame
      language={view.language}
      path={view.path}
      title={say('title', { payee: view.payee })}
      {...(waiting ? { refresh_s: REFRESH_S } : {})}
      foreign_scripts={bridge === undefined ? [] : [bridge]}
      scripted={!over}
    >
      <div
        class={over ? 'checkout over' : 'checkout'}
        data-checkout={over ? undefined : view.path}
        data-stamp={view.stamp}
      >
        <Summary view={view} over={over} />
        <div class="sheet">
          <NoticeLine view={view} />
          <p class="notice" role="status" data-status hidden></p>
          <StageView view={view} />
          {over || stage.kind === 'closing' ? null : <Cancel view={view} />}
        </div>
      </div>
    </CheckoutFrame>
  );
}

function CheckoutFrame(props: {
  language: Language;
  path: string;
  title: string;
  scripted: boolean;
  refresh_s?: number;
  foreign_scripts?: readonly string[];
  children?: Child;
}) {
  const say = sayer(CHECKOUT_WORDS, props.language);
  const other = props.language === 'zh' ? 'en' : 'zh';
  return (
    <Frame
      language={props.language}
      title={props.title}
      skip_text={say('skip')}
      styles={['checkout.css']}
      scripts={props.scripted ? ['checkout.js'] : []}
      foreign_scripts={props.foreign_scripts ?? []}
      {...(props.refresh_s === undefined ? {} : { refresh_s: props.refresh_s })}
      header={
        <HouseHeader
          language={props.language}
          language_href={`${props.path}?lang=${other}`}
          name={say('house')}
        />
      }
      footer={<footer class="foot">{say('footer')}</footer>}
    >
      {props.children}
    </Frame>
  );
}

/** After the end only state, amount and payee are shown: the link may still be in a history. */
function Summary({ view, over }: { view: CheckoutView; over: boolean }) {
  const say = sayer(CHECKOUT_WORDS, view.language);
  return (
    <div class="summary">
      <h1>{say('title', { payee: view.payee })}</h1>
      <p class="total">
        <span class="visually-hidden">{say('amount')} </span>
        <Amount amount={view.amount} size="huge" />
      </p>
      {over ? null : (
        <dl class="facts">
          <dt>{say('what')}</dt>
          <dd>{view.description}</dd>
          <dt>{say('left')}</dt>
          <dd>
            <span class="amount" role="timer" data-left-ms={String(view.left_ms)} hidden></span>
            <span class="deadline">
              {say('pay_before', { time: shanghaiTime(view.expires_at).slice(11, 16) })}
            </span>
          </dd>
        </dl>
      )}
      {over || !view.in_escrow ? null : <p class="quiet">{say('escrow_note')}</p>}
    </div>
  );
}

function NoticeLine({ view }: { view: CheckoutView }) {
  if (view.notice === null) return null;
  const { kind, wallet } = view.notice;
  const say = sayer(CHECKOUT_WORDS, view.language);
  const named = wallet ?? 'wechat_pay';
  return (
    <p class="notice bad" role="alert">
      {say(noticeKey(kind), {
        wallet: walletName(named, view.language),
        app: WALLET_APPS[named][view.language],
      })}
    </p>
  );
}

function StageView({ view }: { view: CheckoutView }) {
  const { stage } = view;
  switch (stage.kind) {
    case 'choose':
      return <Choose view={view} choices={stage.choices} />;
    case 'pay':
      return (
        <Pay
          view={view}
          wallet={stage.wallet}
          attempt={stage.attempt}
          handover={stage.handover}
          others={stage.others}
        />
      );
    case 'asking':
      return <Asking view={view} wallet={stage.wallet} others={stage.others} />;
    case 'closing':
    case 'paid':
    case 'closed':
      return <Result view={view} stage={stage} />;
    default:
      return stage satisfies never;
  }
}

type Ending = Extract<Stage, { kind: 'closing' | 'paid' | 'closed' }>;

function endingWords(stage: Ending, back: boolean): { title: CheckoutKey; next: CheckoutKey } {
  if (stage.kind === 'closing') return { title: 'closing_title', next: 'closing_next' };
  if (stage.kind === 'paid') {
    return { title: 'paid_title', next: back ? 'paid_next_back' : 'paid_next' };
  }
  return { title: `${stage.reason}_title`, next: `${stage.reason}_next` };
}

function Result({ view, stage }: { view: CheckoutView; stage: Ending }) {
  const say = sayer(CHECKOUT_WORDS, view.language);
  const known = { payee: view.payee };
  const words = endingWords(stage, view.return_url !== null);
  return (
    <section class="step result" aria-labelledby="step-title">
      <ResultMark kind={stage.kind === 'paid' ? 'paid' : 'closed'} />
      <h2 id="step-title">{say(words.title)}</h2>
      {stage.kind === 'paid' ? (
        <p>
          <WalletPill
            wallet={stage.wallet}
            text={say('paid_with', { wallet: walletName(stage.wallet, view.language) })}
          />
        </p>
      ) : null}
      <p class="quiet">{say(words.next, known)}</p>
      {stage.kind === 'paid' && view.in_escrow ? <p class="quiet">{say('escrow_note')}</p> : null}
      {view.return_url === null ? null : (
        <a class="button wide" href={view.return_url} rel="noopener">
          {say('back', known)}
        </a>
      )}
    </section>
  );
}

/** Two steps without a script: open, then confirm. */
function Cancel({ view }: { view: CheckoutView }) {
  const say = sayer(CHECKOUT_WORDS, view.language);
  return (
    <details class="cancel">
      <summary>{say('cancel')}</summary>
      <form method="post" action={`${view.path}/cancel`}>
        <p>{say('cancel_question', { payee: view.payee })}</p>
        <input type="hidden" name="csrf" value={view.csrf} />
        <button type="submit" class="button plain">
          {say('cancel_yes')}
        </button>
      </form>
    </details>
  );
}

/** For a link that leads nowhere, a wallet's return to another browser, and our own trouble. */
export function CheckoutTrouble(props: {
  language: Language;
  kind: 'missing' | 'returned' | 'broken';
}) {
  const say = sayer(CHECKOUT_WORDS, props.language);
  return (
    <CheckoutFrame
      language={props.language}
      path=""
      title={say(`${props.kind}_title`)}
      scripted={false}
    >
      <div class="checkout over">
        <div class="sheet">
          <section class="step result">
            <ResultMark kind="closed" />
            <h1>{say(`${props.kind}_title`)}</h1>
            <p class="quiet">{say(`${props.kind}_next`)}</p>
          </section>
        </div>
      </div>
    </CheckoutFrame>
  );
}
