import { QrCode } from '../checkout/qr-code.tsx';
import { Amount } from '../design/amount.tsx';
import { WalletBadge } from '../design/marks.tsx';
import { walletName } from '../design/wallet-names.ts';
import { Barcode } from './barcode.tsx';
import type { ScreenProps } from './page.tsx';
import { inHand, phoneHref } from './view.ts';

/** What this person shows to a shop's scanner: the same number as bars and as a square. */
export function PayerCodeScreen({ view, say, code }: ScreenProps & { code: string | null }) {
  const wallet = walletName(view.wallet, view.language);
  const [newest] = view.history;
  return (
    <section class="pay" aria-labelledby="payer-code-title">
      <WalletBadge wallet={view.wallet} language={view.language} />
      <h1 id="payer-code-title">{say('payer_code')}</h1>
      {code === null ? (
        <p class="quiet">{say('payer_code_none', { wallet })}</p>
      ) : (
        <div class="payer-code">
          <Barcode digits={code} label={say('payer_code_bars')} />
          <p class="digits">
            {grouped(code).map((four) => (
              <span>{four}</span>
            ))}
          </p>
          <QrCode text={code} label={say('payer_code_square')} />
        </div>
      )}
      {code === null ? null : <p class="quiet small">{say('payer_code_help')}</p>}
      {newest === undefined ? null : (
        <p class="quiet small">
          {say('payer_code_last')} <Amount amount={-newest.amount} />
        </p>
      )}
      <a class="button plain wide" href={phoneHref('/', inHand(view))}>
        {say('done')}
      </a>
    </section>
  );
}

/** Four by four, as people read them out; no blanks between, so that a copy is the number. */
function grouped(code: string): readonly string[] {
  return code.match(/.{1,4}/g) ?? [];
}
