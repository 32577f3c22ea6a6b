import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import { type AssetName, assetUrl } from './assets.ts';
import { type Language, languageTag } from './language.ts';
import { GateMark } from './marks.tsx';

export interface FrameProps {
  readonly language: Language;
  readonly title: string;
  readonly skip_text: string;
  readonly styles: readonly AssetName[];
  readonly scripts?: readonly AssetName[];
  /** Scripts of another origin; the page's CSP must name them too. */
  readonly foreign_scripts?: readonly string[];
  /** Seconds after which a page without scripts asks again. */
  readonly refresh_s?: number;
  readonly body_class?: string;
  /** Where `/assets/` is mounted, when not at the root of the server. */
  readonly asset_root?: string;
  readonly header: Child;
  readonly footer?: Child;
  readonly children?: Child;
}

/** The document around every page. No inline script or style: the CSP forbids both. */
export function Frame(props: FrameProps) {
  const url = (name: AssetName) => (props.asset_root ?? '') + assetUrl(name);
  return (
    <>
      {raw('<!doctype html>')}
      <html lang={languageTag(props.language)}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <meta name="format-detection" content="telephone=no" />
          <title>{props.title}</title>
          <link rel="icon" type="image/svg+xml" href={url('gate.svg')} />
          <link rel="stylesheet" href={url('tokens.css')} />
          <link rel="stylesheet" href={url('base.css')} />
          {props.styles.map((name) => (
            <link rel="stylesheet" href={url(name)} />
          ))}
          {(props.foreign_scripts ?? []).map((url) => (
            <script src={url} defer></script>
          ))}
          {(props.scripts ?? []).map((name) => (
            <script type="module" src={url(name)}></script>
          ))}
          {props.refresh_s === undefined ? null : (
            <noscript>
              <meta http-equiv="refresh" content={String(props.refresh_s)} />
            </noscript>
          )}
        </head>
        <body class={props.body_class}>
          <a class="skip" href="#main">
            {props.skip_text}
          </a>
          {props.header}
          <main id="main">{props.children}</main>
          {props.footer}
        </body>
      </html>
    </>
  );
}

/** The house's own header: a course of brick, the gate, and the other language. */
export function HouseHeader(props: { language: Language; language_href: string; name: string }) {
  const other: Language = props.language === 'zh' ? 'en' : 'zh';
  return (
    <header>
      <div class="wall"></div>
      <div class="bar">
        <span class="brand">
          <GateMark />
          {props.name}
        </span>
        <LanguageLink to={other} href={props.language_href} />
      </div>
    </header>
  );
}

export function LanguageLink({ to, href }: { to: Language; href: string }) {
  return (
    <a class="language" href={href} lang={languageTag(to)} hreflang={languageTag(to)}>
      {to === 'zh' ? '中文' : 'English'}
    </a>
  );
}
