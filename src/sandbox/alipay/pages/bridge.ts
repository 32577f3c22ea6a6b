import type { IncomingMessage } from 'node:http';
import { PAY_RESULTS } from '../../../protocols/alipay/trade.ts';
import { html, type Language, languageOf, type Reply } from '../../html.ts';
import type { Alipay, Trade } from '../books.ts';
import { pay, payeeOf, priceOf, takeUp } from '../payer.ts';
import { page } from './html.ts';
import { orderSummary, personAt, refusalText } from './people.ts';

/**
 * What the wallet's own browser gives a merchant's page: `AlipayJSBridge.call('tradePay', …)` and
 * `my.tradePay`. The app would slide a pay sheet over the page; here a frame of the sandbox does.
 */
export function bridgeScript(url: string): string {
  return `'use strict';
(() => {
  const wallet = ${JSON.stringify(url)};
  function tradePay(tradeNO, done) {
    const frame = document.createElement('iframe');
    frame.title = 'Alipay';
    frame.src = wallet + '/sheet/' + encodeURIComponent(tradeNO || 'none');
    Object.assign(frame.style, {
      position: 'fixed', inset: 'auto 0 0 0', width: '100%', height: '70%',
      border: '0', zIndex: '2147483647', background: '#fff',
    });
    function finish(event) {
      if (event.source !== frame.contentWindow || event.origin !== wallet) return;
      if (!event.data || typeof event.data.resultCode !== 'string') return;
      removeEventListener('message', finish);
      frame.remove();
      done({ resultCode: event.data.resultCode, callbackUrl: '', memo: '', result: '' });
    }
    addEventListener('message', finish);
    document.body.append(frame);
  }
  window.AlipayJSBridge = {
    startupParams: {},
    call(name, options, callback) {
      const done = callback || (() => {});
      if (name === 'tradePay') tradePay(options && options.tradeNO, done);
      else done({ error: 1, errorMessage: 'not in the sandbox: ' + name });
    },
  };
  window.my = Object.assign(window.my || {}, {
    tradePay(options) {
      tradePay(options.tradeNO, (result) => {
        if (options.success) options.success(result);
        if (options.complete) options.complete(result);
      });
    },
  });
  const ready = () => document.dispatchEvent(new Event('AlipayJSBridgeReady'));
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', ready);
  else ready();
})();
`;
}

/** Tells the merchant's page how the sheet ended. */
export const SHEET_SCRIPT = `'use strict';
const result = document.body.dataset.result;
if (result) parent.postMessage({ resultCode: result }, '*');
`;

const TEXTS = {
  title: { zh: '确认付款', en: 'Confirm the payment' },
  pay: { zh: '确认付款', en: 'Pay' },
  cancel: { zh: '取消', en: 'Cancel' },
  back: { zh: '返回商户', en: 'Back to the shop' },
} as const;

function ended(result: string, language: Language): Reply {
  const title = TEXTS.title[language];
  const main = html`<p>${result}</p>`;
  return page({ title, language, main, script: '/sheet.js', data: { result }, framed: true });
}

function sheet(alipay: Alipay, trade: Trade, language: Language): Reply {
  const action = `/sheet/${trade.trade_no ?? ''}`;
  const main = html`${orderSummary(trade, priceOf(trade), payeeOf(alipay, trade)[language])}
<form method="post" action="${action}"><button class="main" name="outcome" value="pay">${TEXTS.pay[language]}</button></form>
<form method="post" action="${action}"><button name="outcome" value="cancel">${TEXTS.cancel[language]}</button></form>`;
  return page({ title: TEXTS.title[language], language, main, framed: true });
}

function refused(trade: Trade, text: string, language: Language): Reply {
  const main = html`<h1>${text}</h1><form method="post" action="/sheet/${trade.trade_no ?? ''}">
<button name="outcome" value="give_up">${TEXTS.back[language]}</button></form>`;
  return page({ title: text, language, main, framed: true });
}

/** The pay sheet of one trade: GET shows it, POST decides. */
export async function answerSheet(
  alipay: Alipay,
  request: IncomingMessage,
  url: URL,
  body: string,
): Promise<Reply> {
  const language = languageOf(request.headers['accept-language']);
  const trade = alipay.by_trade_no.get(url.pathname.slice('/sheet/'.length));
  if (!trade) return ended(PAY_RESULTS.failed, language);
  const person = personAt(alipay, request, url.searchParams)?.person.id ?? trade.buyer ?? '';
  const outcome = request.method === 'POST' ? new URLSearchParams(body).get('outcome') : undefined;
  if (outcome === 'cancel') return ended(PAY_RESULTS.cancelled, language);
  if (outcome === 'give_up') return ended(PAY_RESULTS.failed, language);
  try {
    if (outcome !== 'pay') {
      takeUp(alipay, trade, person);
      return sheet(alipay, trade, language);
    }
    pay(alipay, trade, person);
    await alipay.options.store.committed();
    return ended(PAY_RESULTS.paid, language);
  } catch (error) {
    return refused(trade, refusalText(error, language), language);
  }
}
