import { describe, expect, test } from 'vitest';
import type { WalletChoice } from '../../src/payments/payment.ts';
import { LANGUAGES } from '../design/language.ts';
import { pageHeaders } from '../design/page-headers.ts';
import { CheckoutPage, CheckoutTrouble } from './page.tsx';
import { type CheckoutView, NOTICES, type Stage } from './view.ts';

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

const CHOICES: readonly WalletChoice[] = [
  { wallet: 'alipay', eligible: true, reason: null, presentation: 'qr' },
  { wallet: 'wechat_pay', eligible: true, reason: null, presentation: 'qr' },
];
const CLOSED: readonly WalletChoice[] = [
  { wallet: 'alipay', eligible: false, reason: 'gate_closed', presentation: null },
  { wallet: 'wechat_pay', eligible: false, reason: 'not_in_this_browser', presentation: null },
];
const pay = { kind: 'pay', wallet: 'wechat_pay', attempt: 'att_1', others: CHOICES } as const;

const STAGES: Readonly<Record<string, Stage>> = {
  choose: { kind: 'choose', choices: CHOICES },
  none: { kind: 'choose', choices: CLOSED },
  qr: { ...pay, handover: { kind: 'qr', code: 'weixin://wxpay/bizpayurl?pr=abc' } },
  open: { ...pay, handover: { kind: 'open', url: `https://wallet.example/?${HOSTILE}` } },
  in_app: {
    ...pay,
    handover: {
      kind: 'in_app',
      params: { hostile: HOSTILE },
      bridge_url: 'http://127.0.0.1:8091/bridge.js',
    },
  },
  asking: { kind: 'asking', wallet: 'alipay', others: CHOICES },
  closing: { kind: 'closing' },
  paid: { kind: 'paid', wallet: 'alipay' },
  expired: { kind: 'closed', reason: 'expired' },
  cancelled: { kind: 'closed', reason: 'cancelled' },
};

function viewOf(stage: Stage, changes: Partial<CheckoutView> = {}): CheckoutView {
  return {
    language: 'en',
    path: '/c/00token',
    client: 'desktop',
    payee: 'Grey Brick Stationery',
    amount: 12_850n,
    description: 'Letter set',
    expires_at: new Date('2026-11-21T06:00:00Z'),
    left_ms: 60_000,
    in_escrow: false,
    return_url: 'https://shop.example/orders/1',
    csrf: 'form-token',
    stamp: 'stamp',
    notice: null,
    stage,
    phone_url: 'http://127.0.0.1:8090',
    ...changes,
  };
}

function html(view: CheckoutView): string {
  return String(<CheckoutPage view={view} />);
}

describe.each(LANGUAGES)('the checkout page in %s', (language) => {
  test.each(Object.entries(STAGES))('has nothing inline when the stage is %s', (_name, stage) => {
    const page = html(viewOf(stage, { language }));
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)/);
    const bare = page.replaceAll(/="[^"]*"/g, '=""');
    expect(bare).not.toMatch(/<style|\sstyle=|\son[a-z]+=/i);
    expect(page).not.toMatch(/(?:href|src|action)="javascript:/i);
    for (const [, source] of page.matchAll(/<script[^>]*src="([^"]*)"/g)) {
      expect(source).toMatch(/^\/assets\/|^http:\/\/127\.0\.0\.1:8091\/bridge\.js$/);
    }
  });

  test.each(Object.entries(STAGES))('leaves no place unfilled when it is %s', (_name, stage) => {
    const text = html(viewOf(stage, { language })).replaceAll(/<[^>]*>/g, ' ');
    expect(text).not.toMatch(/\{\w+\}|undefined|\[object/);
    expect(text).toContain('¥128.50');
  });

  test.each(NOTICES)('says what to do after: %s', (kind) => {
    const notice = { kind, wallet: 'alipay' } as const;
    const page = html(viewOf({ kind: 'choose', choices: CHOICES }, { language, notice }));
    expect(page).toMatch(/role="alert"[^>]*>[^<]{8,}</);
  });
});

describe('the checkout page', () => {
  test('shows hostile text as text', () => {
    for (const stage of Object.values(STAGES)) {
      const page = html(viewOf(stage, { payee: HOSTILE, description: HOSTILE, csrf: HOSTILE }));
      expect(page).not.toContain('<script>alert');
      expect(page).not.toContain('<img');
    }
  });

  test('draws the code for the eye and names it for the ear', () => {
    const page = html(viewOf(STAGES['qr'] ?? { kind: 'closing' }));
    expect(page).toMatch(/<svg class="qr"[^>]*role="img"[^>]*aria-label="WeChat Pay code to pay ¥/);
    expect(page).toContain('http://127.0.0.1:8090/?code=weixin%3A%2F%2Fwxpay');
  });

  test('works without a script: forms post, and a waiting page refreshes itself', () => {
    const choose = html(viewOf({ kind: 'choose', choices: CHOICES }));
    expect(choose.match(/<form method="post" action="\/c\/00token\/wallet"/g)).toHaveLength(2);
    expect(choose).not.toContain('http-equiv="refresh"');
    const waiting = html(viewOf(STAGES['qr'] ?? { kind: 'closing' }));
    expect(waiting).toMatch(/<noscript>\s*<meta http-equiv="refresh" content="5"/);
  });

  test('begins a login inside a wallet by a link, because a form may not be led elsewhere', () => {
    const inside: WalletChoice = { ...CHOICES[1]!, presentation: 'in_app' };
    const page = html(viewOf({ kind: 'choose', choices: [inside] }, { client: 'wechat' }));
    expect(page).toContain('href="/c/00token/login/wechat_pay"');
    expect(page).not.toContain('action="/c/00token/wallet"');
  });

  test('sends the origin, and only that, to the page of a wallet', () => {
    const page = html(viewOf(STAGES['open'] ?? { kind: 'closing' }));
    expect(page).toMatch(/<a class="button wide" href="https:[^"]*"[^>]*referrerpolicy="origin"/);
  });

  test.each(['paid', 'expired', 'cancelled'])('shows no more than it must when %s', (name) => {
    const page = html(viewOf(STAGES[name] ?? { kind: 'closing' }));
    expect(page).not.toContain('Letter set');
    expect(page).not.toContain('form-token');
    expect(page).not.toContain('/assets/checkout.js');
    expect(page).toContain('href="https://shop.example/orders/1"');
  });

  test('names the wallet that paid', () => {
    expect(html(viewOf({ kind: 'paid', wallet: 'alipay' }))).toContain('Paid with Alipay');
    const zh = html(viewOf({ kind: 'paid', wallet: 'wechat_pay' }, { language: 'zh' }));
    expect(zh).toContain('已用微信支付付款');
  });

  test('says that the money is held until the goods arrive, before and after', () => {
    const before = (in_escrow: boolean) =>
      html(viewOf({ kind: 'choose', choices: CLOSED }, { in_escrow, language: 'zh' }));
    expect(before(true)).toContain('担保交易');
    expect(before(false)).not.toContain('担保交易');
    const paid = html(viewOf({ kind: 'paid', wallet: 'alipay' }, { in_escrow: true }));
    expect(paid).toContain('until you confirm the receipt');
  });

  test('gives the reason for each wallet when none works', () => {
    const page = html(viewOf({ kind: 'choose', choices: CLOSED }));
    expect(page).toContain('Alipay: not open to this marketplace yet');
    expect(page).toContain('WeChat Pay: does not work inside this app');
  });

  test('shows no sandbox words where there is no sandbox phone', () => {
    for (const stage of Object.values(STAGES)) {
      expect(html(viewOf(stage, { phone_url: undefined }))).not.toMatch(/sandbox/i);
    }
  });

  test('has words for a link that leads nowhere, in both languages', () => {
    expect(String(<CheckoutTrouble language="en" kind="missing" />)).toContain('not valid');
    expect(String(<CheckoutTrouble language="zh" kind="broken" />)).toContain('没有新的扣款');
  });
});

test('the headers allow nothing inline and only the origins they are given', () => {
  const plain = pageHeaders()['content-security-policy'];
  expect(plain).toContain("default-src 'none'");
  expect(plain).toContain("script-src 'self';");
  expect(plain).not.toMatch(/unsafe|\*|frame-src/);
  const bridge = pageHeaders({ wallet_origins: ['http://127.0.0.1:8091'] });
  expect(bridge['content-security-policy']).toContain("script-src 'self' http://127.0.0.1:8091;");
  expect(bridge['content-security-policy']).toContain('frame-src http://127.0.0.1:8091;');
});
