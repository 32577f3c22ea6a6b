import type { Child } from 'hono/jsx';
import type { AssetName } from '../design/assets.ts';
import { type Language, sayer } from '../design/language.ts';
import { Frame, HouseHeader, LanguageLink } from '../design/layout.tsx';
import { walletName } from '../design/wallet-names.ts';
import { SHOPS, type ShopDesign } from './shops.ts';
import { SHOP_WORDS } from './words.ts';

/** A shop's own frame: its name and colour; the hub is nowhere to be seen, as in a real shop. */
export function ShopFrame(props: {
  language: Language;
  shop: ShopDesign;
  path: string;
  title: string;
  scripts?: readonly AssetName[];
  refresh_s?: number;
  children?: Child;
}) {
  const { language, shop } = props;
  const say = sayer(SHOP_WORDS, language);
  const other: Language = language === 'zh' ? 'en' : 'zh';
  return (
    <Frame
      language={language}
      title={`${props.title} · ${shop.name[language]}`}
      skip_text={say('skip')}
      styles={['shops.css']}
      scripts={props.scripts ?? []}
      {...(props.refresh_s === undefined ? {} : { refresh_s: props.refresh_s })}
      body_class={`shop ${shop.slug}`}
      header={
        <header class="shop-header">
          <div class="shop-bar">
            <a class="shop-name" href={`/${shop.slug}`}>
              {shop.name[language]}
            </a>
            <nav class="shop-links">
              <a href={`/${shop.slug}/orders`}>{say('orders')}</a>
              <a href="/">{say('all_shops')}</a>
              <LanguageLink to={other} href={`${props.path}?lang=${other}`} />
            </nav>
          </div>
        </header>
      }
      footer={<footer class="foot">{say('demo')}</footer>}
    >
      <div class="shop-main">{props.children}</div>
    </Frame>
  );
}

/** The four side by side. */
export function MarketPage({ language }: { language: Language }) {
  const say = sayer(SHOP_WORDS, language);
  const other: Language = language === 'zh' ? 'en' : 'zh';
  return (
    <Frame
      language={language}
      title={say('market')}
      skip_text={say('skip')}
      styles={['shops.css']}
      header={
        <HouseHeader language={language} language_href={`/?lang=${other}`} name={say('market')} />
      }
      footer={<footer class="foot">{say('demo')}</footer>}
    >
      <div class="shop-main">
        <h1 class="lead">{say('market_about')}</h1>
        <ul class="gates">
          {SHOPS.map((shop) => (
            <li class={`gate shop ${shop.slug}`}>
              <a href={`/${shop.slug}`}>
                <span class="gate-name">{shop.name[language]}</span>
                <span class="gate-body">
                  <span>{shop.motto[language]}</span>
                  <span class="quiet small">
                    {say('before', { wallet: walletName(shop.house_wallet, language) })}
                  </span>
                  <span class="gate-enter">{say('enter')}</span>
                </span>
              </a>
            </li>
          ))}
        </ul>
      </div>
    </Frame>
  );
}
