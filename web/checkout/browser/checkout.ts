/**
 * Makes the checkout page more comfortable; it works without. It polls the payment's state and
 * loads the page again when that changed, counts down, opens the wallet once on a phone, and calls
 * the wallet's bridge inside the wallet's own browser. What a bridge answers is only a hint.
 */
interface WechatBridge {
  invoke(name: string, params: object, done: (answer: { err_msg?: string }) => void): void;
}

interface AlipayBridge {
  call(
    name: string,
    params: object,
    done: (answer: { resultCode?: string | number }) => void,
  ): void;
}

declare global {
  interface Window {
    WeixinJSBridge?: WechatBridge;
    AlipayJSBridge?: AlipayBridge;
  }
}

interface State {
  stamp: string;
  left_ms: number;
}

const POLL_MS = 1_000;
const POLL_AFTER_ERROR_MS = 6_000;
const BRIDGE_WAIT_MS = 5_000;

const root = document.querySelector<HTMLElement>('[data-checkout]');
if (root) start(root, root.dataset['checkout'] ?? '');

function start(page: HTMLElement, path: string): void {
  for (const manual of page.querySelectorAll<HTMLElement>('[data-manual]')) manual.hidden = true;
  const countdown = startCountdown(page);
  poll(path, page.dataset['stamp'] ?? '', countdown);
  preventDoubleSubmit(page);
  openOnce(page);
  const button = page.querySelector<HTMLButtonElement>('[data-bridge]');
  if (button) startBridge(page, button);
}

function poll(path: string, stamp: string, countdown: (left: number) => void): void {
  let timer = 0;
  async function look(): Promise<void> {
    window.clearTimeout(timer);
    let wait = POLL_MS;
    try {
      const answer = await fetch(`${path}/state`, { headers: { accept: 'application/json' } });
      if (!answer.ok) throw new Error(String(answer.status));
      const state = (await answer.json()) as State;
      if (state.stamp !== stamp) return window.location.replace(path);
      countdown(state.left_ms);
    } catch {
      wait = POLL_AFTER_ERROR_MS;
    }
    if (!document.hidden) timer = window.setTimeout(() => void look(), wait);
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void look();
  });
  // A page that the browser kept from before "back" was pressed is out of date at once.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) void look();
  });
  timer = window.setTimeout(() => void look(), POLL_MS);
}

function startCountdown(page: HTMLElement): (left: number) => void {
  const place = page.querySelector<HTMLElement>('[data-left-ms]');
  if (!place) return () => {};
  const shown = place;
  let end = performance.now() + Number(shown.dataset['leftMs']);
  function draw(): void {
    const seconds = Math.max(0, Math.round((end - performance.now()) / 1000));
    const two = (value: number) => String(value).padStart(2, '0');
    const hours = Math.floor(seconds / 3600);
    const clock = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    shown.textContent = hours > 0 ? `${hours}:${clock}` : clock;
    shown.hidden = false;
  }
  draw();
  window.setInterval(draw, 1000);
  return (left) => {
    end = performance.now() + left;
  };
}

function preventDoubleSubmit(page: HTMLElement): void {
  for (const form of page.querySelectorAll('form')) {
    form.addEventListener('submit', (event) => {
      if (form.dataset['sent'] === 'yes') event.preventDefault();
      form.dataset['sent'] = 'yes';
      form.querySelector('button')?.setAttribute('aria-disabled', 'true');
    });
  }
  window.addEventListener('pageshow', () => {
    for (const form of page.querySelectorAll('form')) delete form.dataset['sent'];
  });
}

/** True the first time for this attempt in this tab. */
function firstTime(attempt: string): boolean {
  try {
    const key = `hutong ${attempt}`;
    if (sessionStorage.getItem(key) !== null) return false;
    sessionStorage.setItem(key, '1');
    return true;
  } catch {
    return false;
  }
}

function openOnce(page: HTMLElement): void {
  const link = page.querySelector<HTMLAnchorElement>('[data-open]');
  if (link && firstTime(link.dataset['open'] ?? '')) link.click();
  const form = page.querySelector<HTMLFormElement>('form[data-send]');
  if (form && firstTime(form.dataset['send'] ?? '')) form.requestSubmit();
}

function startBridge(page: HTMLElement, button: HTMLButtonElement): void {
  const status = page.querySelector<HTMLElement>('[data-status]');
  const params = JSON.parse(button.dataset['params'] ?? '{}') as object;
  function tell(hint: 'ok' | 'cancel' | 'fail' | 'missing'): void {
    button.disabled = hint === 'ok';
    if (!status) return;
    status.textContent = button.getAttribute(`data-hint-${hint}`);
    status.hidden = false;
  }
  async function pay(): Promise<void> {
    button.disabled = true;
    if (status) status.hidden = true;
    tell(await callBridge(button.dataset['bridge'] ?? '', params));
  }
  button.addEventListener('click', () => void pay());
  if (firstTime(button.dataset['attempt'] ?? '')) void pay();
}

type Hint = 'ok' | 'cancel' | 'fail' | 'missing';

async function callBridge(wallet: string, params: object): Promise<Hint> {
  if (wallet === 'wechat_pay') {
    const bridge = await waitFor(() => window.WeixinJSBridge, 'WeixinJSBridgeReady');
    if (!bridge) return 'missing';
    return new Promise((resolve) =>
      bridge.invoke('getBrandWCPayRequest', params, (answer) => {
        const said = answer.err_msg ?? '';
        resolve(said.endsWith(':ok') ? 'ok' : said.endsWith(':cancel') ? 'cancel' : 'fail');
      }),
    );
  }
  const bridge = await waitFor(() => window.AlipayJSBridge, 'AlipayJSBridgeReady');
  if (!bridge) return 'missing';
  return new Promise((resolve) =>
    bridge.call('tradePay', params, (answer) => {
      const said = String(answer.resultCode);
      // 9000 paid, 8000 and 6004 still being processed, 6001 cancelled by the payer.
      if (['9000', '8000', '6004'].includes(said)) resolve('ok');
      else resolve(said === '6001' ? 'cancel' : 'fail');
    }),
  );
}

function waitFor<T>(find: () => T | undefined, event: string): Promise<T | undefined> {
  const there = find();
  if (there) return Promise.resolve(there);
  return new Promise((resolve) => {
    const timer = window.setTimeout(() => resolve(find()), BRIDGE_WAIT_MS);
    document.addEventListener(
      event,
      () => {
        window.clearTimeout(timer);
        resolve(find());
      },
      { once: true },
    );
  });
}

export {};
