import { canonicalCode } from '../../../protocols/wechat-pay/errors.ts';
import {
  isWireObject,
  textField,
  timeField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import {
  CONSENT_STATES,
  type ConsentClosure,
  type ConsentState,
  TRANSFER_LIMITS,
  TRANSFER_SCENES,
} from '../../../protocols/wechat-pay/transfers.ts';
import type {
  ConsentFact,
  ConsentOrder,
  ConsentOutcome,
  PayoutConsents,
} from '../../products/payout-consents.ts';
import type { Refused } from '../../wallet.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { namedApp } from '../app-ids.ts';
import { ask, tell } from '../ask.ts';
import type { Client } from '../client.ts';
import { walletText } from '../orders/payments.ts';
import { notSent } from '../refusals.ts';
import { CONSENT, CONSENTS, DEFAULT_SCENE, NOTHING_MADE } from './calls.ts';

/**
 * Standing consents (免确认收款授权). The wallet finds them by our number only: there is no query
 * by its own. An asking that was refused may stand all the same, because of an earlier try: the
 * number decides.
 * https://pay.weixin.qq.com/doc/v3/merchant/4015901167
 */
const MAX_NAME = 32;
const MAX_PERCEPTION = 256;

const STATES: Readonly<Record<ConsentState, ConsentFact['state']>> = {
  WAIT_USER_CONFIRM: 'needs_payee',
  TAKING_EFFECT: 'in_effect',
  CLOSED: 'closed',
};
const CLOSED_BY: Readonly<Record<ConsentClosure, ConsentFact['closed_by']>> = {
  CLOSE_VIA_MCH_API: 'merchant',
  USER_CLOSE: 'payee',
  USER_OVERDUE_UNCONFIRMED: 'nobody_agreed',
};

export function consents(client: Client): PayoutConsents {
  return {
    confirm_hours: TRANSFER_LIMITS.confirm_ms / 3_600_000,
    ask: (account, order) => askPayee(client, openAccount(account), order),
    query: (account, reference) => query(client, openAccount(account), reference),
    close: (account, reference) => close(client, openAccount(account), reference),
  };
}

async function askPayee(
  client: Client,
  account: MerchantAccount,
  order: ConsentOrder,
): Promise<ConsentOutcome> {
  const body = consentBody(account, order);
  if (typeof body === 'string') return notSent(`POST ${CONSENTS}`, body);
  const outcome = await tell(client, account, {
    call: { method: 'POST', target: CONSENTS, operation: CONSENTS, body },
    // The answer names neither app nor payee: they are those of the request.
    read: (content) => readFact(account, order.consent_reference, { ...body, ...content }),
  });
  if (
    outcome.kind !== 'refused' ||
    NOTHING_MADE.has(canonicalCode(outcome.trace.wallet_code ?? ''))
  ) {
    return outcome;
  }
  const known = await query(client, account, order.consent_reference);
  if (known.kind !== 'fact') return known.kind === 'not_found' ? outcome : unsure(outcome, known);
  const same =
    known.fact.payee === order.payee &&
    known.fact.app === body.appid &&
    (known.fact.scene ?? body.transfer_scene_id) === body.transfer_scene_id;
  return same ? known : { ...outcome, code: 'reference_reused' };
}

function unsure(refused: Refused, known: ConsentOutcome): ConsentOutcome {
  return { kind: 'unknown', cause: refused.message, trace: known.trace };
}

/** A sentence when the wallet can never take it. */
function consentBody(
  account: MerchantAccount,
  order: ConsentOrder,
): string | (WireObject & { readonly appid: string; readonly transfer_scene_id: string }) {
  const app = namedApp(account, order.app);
  if ('problem' in app) return app.problem;
  const transfer_scene_id = order.scene ?? DEFAULT_SCENE;
  if (!(transfer_scene_id in TRANSFER_SCENES)) {
    return `There is no transfer scene ${transfer_scene_id}.`;
  }
  const user_display_name = walletText(order.display_name, MAX_NAME);
  if (user_display_name === '') return 'The payee’s account needs a name to be shown.';
  const perception = walletText(order.description ?? '', MAX_PERCEPTION);
  return {
    out_authorization_no: order.consent_reference,
    appid: app.appid,
    openid: order.payee,
    transfer_scene_id,
    user_display_name,
    ...(perception === '' ? {} : { user_recv_perception: perception }),
    authorization_notify_url: order.notify_url,
  };
}

async function query(
  client: Client,
  account: MerchantAccount,
  consent_reference: string,
): Promise<ConsentOutcome> {
  const target = CONSENT.replace('{out_authorization_no}', encodeURIComponent(consent_reference));
  return ask(client, account, {
    call: { method: 'GET', target, operation: CONSENT },
    read: (content) => readFact(account, consent_reference, content),
  });
}

async function close(
  client: Client,
  account: MerchantAccount,
  consent_reference: string,
): Promise<ConsentOutcome> {
  const operation = `${CONSENT}/close`;
  const target = operation.replace('{out_authorization_no}', encodeURIComponent(consent_reference));
  return ask(client, account, {
    call: { method: 'POST', target, operation, body: {} },
    read: (content) => readFact(account, consent_reference, content),
  });
}

function readFact(
  account: MerchantAccount,
  consent_reference: string,
  content: WireObject,
): ConsentFact | string {
  const fact = consentFact(account, content);
  if (!fact) return 'fields of the consent are missing';
  return fact.consent_reference === consent_reference ? fact : 'it is about another consent';
}

/** From an answer or a notification; undefined when a field that all of them have is missing. */
export function consentFact(
  account: Pick<MerchantAccount, 'mchid'>,
  content: WireObject,
): ConsentFact | undefined {
  const consent_reference = textField(content, 'out_authorization_no');
  const state = CONSENT_STATES.find((known) => known === textField(content, 'state'));
  if (!consent_reference || !state) return undefined;
  const app = textField(content, 'appid');
  const payee = textField(content, 'openid');
  const scene = textField(content, 'transfer_scene_id');
  const standing_consent = textField(content, 'authorization_id');
  // An id without which nothing can be paid under it.
  if (state === 'TAKING_EFFECT' && standing_consent === undefined) return undefined;
  const agreed_at = timeField(content, 'authorize_time');
  const packageInfo = textField(content, 'package_info');
  const asks = state === 'WAIT_USER_CONFIRM' && packageInfo !== undefined && app !== undefined;
  return {
    consent_reference,
    state: STATES[state],
    ...(standing_consent === undefined ? {} : { standing_consent }),
    ...(payee === undefined ? {} : { payee }),
    ...(app === undefined ? {} : { app }),
    ...(scene === undefined ? {} : { scene }),
    ...(asks ? { confirmation: { mchId: account.mchid, appId: app, package: packageInfo } } : {}),
    ...(agreed_at === undefined ? {} : { agreed_at }),
    ...closure(content),
  };
}

function closure(content: WireObject): Pick<ConsentFact, 'closed_at' | 'closed_by'> {
  const info = isWireObject(content.close_info) ? content.close_info : {};
  const closed_at = timeField(info, 'close_time');
  const reason = textField(info, 'close_reason') ?? '';
  const closed_by = Object.entries(CLOSED_BY).find(([name]) => name === reason)?.[1];
  return {
    ...(closed_at === undefined ? {} : { closed_at }),
    ...(closed_by === undefined ? {} : { closed_by }),
  };
}
