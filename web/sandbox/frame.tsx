import type { Child } from 'hono/jsx';
import { type Language, type Say, sayer } from '../design/language.ts';
import { Frame, LanguageLink } from '../design/layout.tsx';
import { WalletMark } from '../design/marks.tsx';
import { walletName } from '../design/wallet-names.ts';
import { DESK, type Desk } from './view.ts';
import { DESK_WORDS, type DeskKey } from './words.ts';

export function sayAt({ language }: Desk): Say<DeskKey> {
  return sayer(DESK_WORDS, language);
}

const TABS = [
  { path: '/', words: 'tab_calls', count: 'calls' },
  { path: '/do', words: 'tab_actions', count: 'actions' },
  { path: '/covers', words: 'tab_coverage', count: 'coverage' },
] as const;

/** The document around each page of a wallet's desk. */
export function DeskFrame({ desk, children }: { desk: Desk; children?: Child }) {
  const say = sayAt(desk);
  const name = say('title', { wallet: walletName(desk.wallet, desk.language) });
  const other: Language = desk.language === 'zh' ? 'en' : 'zh';
  const query = new URLSearchParams([...desk.query, ['lang', other]]);
  query.delete('token');
  return (
    <Frame
      language={desk.language}
      title={name}
      skip_text={say('skip')}
      styles={['sandbox.css']}
      asset_root={DESK}
      header={
        <header>
          <div class="wall"></div>
          <div class="bar">
            <a class="brand" href={`${DESK}/`}>
              <WalletMark wallet={desk.wallet} />
              {name}
            </a>
            <LanguageLink to={other} href={`${desk.here}?${query.toString()}`} />
          </div>
          <nav class="tabs" aria-label={say('sections')}>
            {TABS.map(({ path, words, count }) => (
              <a href={DESK + path} aria-current={isIn(desk.here, path) ? 'page' : undefined}>
                {say(words)} <span class="count">{desk.counts[count]}</span>
              </a>
            ))}
          </nav>
        </header>
      }
      footer={<footer class="foot">{say('about')}</footer>}
    >
      <div class="desk-page">{children}</div>
    </Frame>
  );
}

function isIn(here: string, path: string): boolean {
  const below = here.slice(DESK.length) || '/';
  if (path === '/') return below === '/' || below.startsWith('/call/');
  return below === path || below.startsWith(`${path}/`);
}
