import type { Handover, Stage } from '../../web/checkout/view.ts';
import type { App } from '../app.ts';
import { liveAttempt } from '../attempts/create.ts';
import { eligibleWallets } from '../attempts/eligible.ts';
import type { Attempt, ClientKind, Payment } from '../payments/payment.ts';
import type { WalletName } from '../wallets/wallet.ts';

/** Where a payment stands for this browser, and a stamp that changes when the page would. */
export interface Standing {
  readonly stage: Stage;
  readonly stamp: string;
}

export async function standing(app: App, payment: Payment, client: ClientKind): Promise<Standing> {
  const attempt = await liveAttempt(app, payment);
  return {
    stage: await stageOf(app, payment, attempt, client),
    stamp: stampOf(payment, attempt),
  };
}

export async function stampNow(app: App, payment: Payment): Promise<string> {
  return stampOf(payment, await liveAttempt(app, payment));
}

const STAMP_TAIL = 8;

function stampOf(payment: Payment, attempt: Attempt | undefined): string {
  const tried = attempt ? `${attempt.state}.${attempt.id.slice(-STAMP_TAIL)}` : 'none';
  return `${payment.state}.${payment.closing ? 'closing' : 'open'}.${tried}`;
}

async function stageOf(
  app: App,
  payment: Payment,
  attempt: Attempt | undefined,
  client: ClientKind,
): Promise<Stage> {
  if (payment.state === 'succeeded' && payment.wallet !== null) {
    return { kind: 'paid', wallet: payment.wallet };
  }
  if (payment.state === 'closed') {
    return { kind: 'closed', reason: payment.close_reason ?? 'cancelled' };
  }
  if (payment.closing) return { kind: 'closing' };
  const choices = await eligibleWallets(app, payment, client);
  if (!attempt || !worksHere(attempt, client)) return { kind: 'choose', choices };
  const { wallet, presentation } = attempt;
  const others = choices.filter(
    (choice) =>
      choice.eligible && (choice.wallet !== wallet || choice.presentation !== presentation),
  );
  const handover = await handoverOf(app, attempt);
  if (!handover) return { kind: 'asking', wallet, others };
  return { kind: 'pay', wallet, attempt: attempt.id, handover, others };
}

const OWN_BROWSER: Partial<Record<WalletName, ClientKind>> = {
  wechat_pay: 'wechat',
  alipay: 'alipay',
  union_pay: 'unionpay',
};

/** An in-page payment begun inside a wallet cannot go on in another browser. */
function worksHere(attempt: Attempt, client: ClientKind): boolean {
  return attempt.presentation !== 'in_app' || client === OWN_BROWSER[attempt.wallet];
}

async function handoverOf(app: App, attempt: Attempt): Promise<Handover | undefined> {
  const data = attempt.presentation_data;
  if (attempt.state !== 'presented' || data === null) return undefined;
  switch (data.kind) {
    case 'qr':
      return { kind: 'qr', code: data.qr };
    case 'page':
    case 'h5':
      return { kind: 'open', url: data.url };
    case 'form':
      return { kind: 'form', url: data.url, fields: data.fields };
    // Made by a merchant's own app, which pays with them; there is nothing to do in a browser.
    case 'app':
    case 'mini_program':
      return undefined;
    case 'in_app': {
      const account = await app.wallets.account(attempt.wallet_account_id);
      const bridge = account?.settings['bridge_url'];
      return {
        kind: 'in_app',
        params: data.params,
        bridge_url: typeof bridge === 'string' && URL.canParse(bridge) ? bridge : undefined,
      };
    }
    default:
      return data satisfies never;
  }
}
