/** Loads an order page again when a webhook has changed the order; without it a refresh does. */
const POLL_MS = 1_000;
const POLL_AFTER_ERROR_MS = 6_000;

const order = document.querySelector<HTMLElement>('[data-order]');
if (order) watch(order.dataset['order'] ?? '', order.dataset['stamp'] ?? '');

function watch(path: string, stamp: string): void {
  let timer = 0;
  async function look(): Promise<void> {
    window.clearTimeout(timer);
    let wait = POLL_MS;
    try {
      const answer = await fetch(path.replace('/orders/', '/api/orders/'));
      if (!answer.ok) throw new Error(String(answer.status));
      const known = (await answer.json()) as { stamp: string };
      if (known.stamp !== stamp) return window.location.replace(path);
    } catch {
      wait = POLL_AFTER_ERROR_MS;
    }
    if (!document.hidden) timer = window.setTimeout(() => void look(), wait);
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void look();
  });
  timer = window.setTimeout(() => void look(), POLL_MS);
}

export {};
