import { shanghaiTime } from '../../src/clock.ts';
import { type Language, type Say, sayer } from '../design/language.ts';
import { Frame, HouseHeader } from '../design/layout.tsx';
import { ClockPanel } from './clock-panel.tsx';
import { FaultPanel } from './fault-panel.tsx';
import { Home } from './home.tsx';
import { Done, PaySheet } from './pay.tsx';
import { PayerCodeScreen } from './payer-code.tsx';
import { Receive } from './receive.tsx';
import { inHand, type PhoneView, phoneHref } from './view.ts';
import { errorKey, PHONE_WORDS, type PhoneKey } from './words.ts';

/** The whole phone: the device in the middle, the clock and the faults beside it. */
export function PhonePage({ view }: { view: PhoneView }) {
  const say = sayer(PHONE_WORDS, view.language);
  const other: Language = view.language === 'zh' ? 'en' : 'zh';
  return (
    <Frame
      language={view.language}
      title={say('title')}
      skip_text={say('skip')}
      styles={['phone.css', 'dial.css']}
      scripts={['phone.js']}
      header={
        <HouseHeader
          language={view.language}
          language_href={otherLanguage(view, other)}
          name={say('title')}
        />
      }
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

/** The same screen in the other language, where an address leads back to it. */
function otherLanguage(view: PhoneView, lang: Language): string {
  const { screen } = view;
  if (screen.kind === 'home') {
    return phoneHref('/', { ...inHand(view), code: screen.code, lang });
  }
  const path = screen.kind === 'payer_code' ? '/code' : '/';
  return phoneHref(path, { ...inHand(view), lang });
}

export interface ScreenProps {
  readonly view: PhoneView;
  readonly say: Say<PhoneKey>;
}

function ScreenView({ view, say }: ScreenProps) {
  const { screen } = view;
  switch (screen.kind) {
    case 'home':
      return <Home view={view} say={say} code={screen.code} />;
    case 'pay':
      return <PaySheet view={view} say={say} screen={screen} />;
    case 'done':
      return <Done view={view} say={say} screen={screen} />;
    case 'payer_code':
      return <PayerCodeScreen view={view} say={say} code={screen.code} />;
    case 'receive':
      return <Receive view={view} say={say} transfer={screen.transfer} />;
    default:
      return screen satisfies never;
  }
}
