import {
  fenField,
  fenNumber,
  textField,
  timeField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import {
  TRANSFER_LIMITS,
  TRANSFER_SCENES,
  TRANSFER_STATES,
  type TransferState,
} from '../../../protocols/wechat-pay/transfers.ts';
import type { PayoutFact, PayoutOrder, PayoutOutcome, Payouts } from '../../products/payouts.ts';
import type { MerchantAccount } from '../account.ts';
import { openAccount } from '../account.ts';
import { namedApp } from '../app-ids.ts';
import { type CallResult, type Client, callWallet, type WalletError } from '../client.ts';
import { walletText } from '../orders/payments.ts';
import { notSent, refusalCode, toOutcome, unreadable } from '../refusals.ts';
import { openSealer } from '../trust/fields.ts';
import { BILLS, BY_REFERENCE, DEFAULT_SCENE, NOTHING_MADE } from './calls.ts';
import { consents } from './consents.ts';

/**
 * Transfers to persons. WeChat Pay wants the same number on every try until a query says that the
 * transfer failed: so an error that does not show by itself that nothing was made is followed by
 * a query, and only "no such transfer" makes it a refusal.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012711988
 */
const MAX_REMARK = 32;
const MAX_REPORT = 32;
const MAX_DISPLAY_NAME = 32;

const STATES: Readonly<Record<TransferState, PayoutFact['state']>> = {
  ACCEPTED: 'pending',
  PROCESSING: 'pending',
  WAIT_USER_CONFIRM: 'needs_payee',
  TRANSFERING: 'pending',
  SUCCESS: 'succeeded',
  FAIL: 'refused',
  CANCELING: 'pending',
  CANCELLED: 'cancelled',
};

export function payouts(client: Client): Payouts {
  return {
    min_amount: TRANSFER_LIMITS.min,
    max_amount: TRANSFER_LIMITS.max,
    confirm_hours: TRANSFER_LIMITS.confirm_ms / 3_600_000,
    pay: (account, order) => pay(client, openAccount(account), order),
    query: (account, reference) => query(client, openAccount(account), reference),
    cancel: (account, reference) => cancel(client, openAccount(account), reference),
    consents: consents(client),
  };
}

async function pay(
  client: Client,
  account: MerchantAccount,
  order: PayoutOrder,
): Promise<PayoutOutcome> {
  const operation = operationOf(order);
  const app = namedApp(account, order.app);
  if ('problem' in app) return notSent(`POST ${operation}`, app.problem);
  const scene = order.scene ?? DEFAULT_SCENE;
  const wanted = TRANSFER_SCENES[scene];
  if (!wanted) return notSent(`POST ${operation}`, `There is no transfer scene ${scene}.`);
  const { payee_name } = order;
  const name = payee_name === undefined ? undefined : await seal(client, account, payee_name);
  if (name === null) return notSent(`POST ${operation}`, 'The payee’s name cannot be encrypted.');
  const remark = walletText(order.description, MAX_REMARK) || order.payout_reference;
  const result = await callWallet(client, account, {
    method: 'POST',
    target: operation,
    operation,
    ...(name === undefined ? {} : { serial: name.serial }),
    body: {
      ...app,
      out_bill_no: order.payout_reference,
      transfer_scene_id: scene,
      openid: order.payee,
      ...(name === undefined ? {} : { user_name: name.sealed }),
      transfer_amount: fenNumber(order.amount),
      transfer_remark: remark,
      notify_url: order.notify_url,
      transfer_scene_report_infos: reported(wanted, order, remark),
      ...consentFields(order),
    },
  });
  if (result.kind === 'error') return decide(client, account, { order, error: result });
  // The number may be one that was tried before: that this try never left says nothing of it.
  if (result.kind === 'unreachable') {
    return { kind: 'unknown', cause: result.message, trace: result.trace };
  }
  // What asks the payee is for the app that they are known in.
  return toFact({ ...app, mchid: account.mchid }, order.payout_reference, result);
}

function operationOf({ standing_consent, ask_consent }: PayoutOrder): string {
  if (standing_consent !== undefined) return `${BILLS}/transfer`;
  return ask_consent === undefined ? BILLS : `${BILLS}/pre-transfer-with-authorization`;
}

/** Where the payee has agreed before, they are not asked again. */
function consentFields({ standing_consent, ask_consent }: PayoutOrder): WireObject {
  if (standing_consent !== undefined) return { authorization_id: standing_consent };
  if (ask_consent === undefined) return {};
  return {
    authorization_info: {
      user_display_name: walletText(ask_consent.display_name, MAX_DISPLAY_NAME),
      out_authorization_no: ask_consent.consent_reference,
      authorization_notify_url: ask_consent.notify_url,
    },
  };
}

/** What the scene wants reported; an item that the order does not give is described by its text. */
function reported(wanted: readonly string[], order: PayoutOrder, remark: string): WireObject[] {
  const given = order.scene_report ?? {};
  const names = wanted.length === 0 ? Object.keys(given) : wanted;
  const content = (name: string) => walletText(given[name] ?? remark, MAX_REPORT) || remark;
  return names.map((info_type) => ({ info_type, info_content: content(info_type) }));
}

/** Null when the wallet's key is missing or the name is too long for it. */
async function seal(
  client: Client,
  account: MerchantAccount,
  name: string,
): Promise<{ sealed: string; serial: string } | null> {
  const sealer = await openSealer(client, account);
  const sealed = sealer?.encrypt(name);
  return sealer && sealed !== undefined ? { sealed, serial: sealer.serial } : null;
}

async function decide(
  client: Client,
  account: MerchantAccount,
  { order, error }: { order: PayoutOrder; error: WalletError },
): Promise<PayoutOutcome> {
  const refused = toOutcome(error);
  if (NOTHING_MADE.has(error.code) || refused.kind !== 'refused') return refused;
  const known = await query(client, account, order.payout_reference);
  if (known.kind === 'not_found') return refused;
  if (known.kind !== 'fact') return { kind: 'unknown', cause: refused.message, trace: known.trace };
  const { amount = order.amount, payee = order.payee } = known.fact;
  const same = amount === order.amount && payee === order.payee;
  return same ? known : { ...refused, code: 'reference_reused' };
}

async function query(
  client: Client,
  account: MerchantAccount,
  payout_reference: string,
): Promise<PayoutOutcome> {
  const result = await callWallet(client, account, {
    method: 'GET',
    target: BY_REFERENCE.replace('{out_bill_no}', encodeURIComponent(payout_reference)),
    operation: BY_REFERENCE,
  });
  if (result.kind === 'error' && refusalCode(result) === 'not_found') {
    return { kind: 'not_found', trace: result.trace };
  }
  return toFact(account, payout_reference, result);
}

async function cancel(
  client: Client,
  account: MerchantAccount,
  payout_reference: string,
): Promise<PayoutOutcome> {
  const operation = `${BY_REFERENCE}/cancel`;
  const result = await callWallet(client, account, {
    method: 'POST',
    target: operation.replace('{out_bill_no}', encodeURIComponent(payout_reference)),
    operation,
    body: {},
  });
  if (result.kind === 'error' && refusalCode(result) === 'not_found') {
    return { kind: 'not_found', trace: result.trace };
  }
  return toFact(account, payout_reference, result);
}

function toFact(
  account: Pick<MerchantAccount, 'mchid' | 'appid'>,
  payout_reference: string,
  result: CallResult,
): PayoutOutcome {
  if (result.kind !== 'answer') return toOutcome(result);
  const { trace, content } = result;
  const fact = payoutFact(account, content);
  if (!fact) return unreadable(trace, 'fields of the transfer are missing');
  if (fact.payout_reference !== payout_reference) {
    return unreadable(trace, 'it is about another transfer');
  }
  return { kind: 'fact', fact, trace };
}

/** From an answer or a notification; undefined when a field that all of them have is missing. */
export function payoutFact(
  account: Pick<MerchantAccount, 'mchid' | 'appid'>,
  content: WireObject,
): PayoutFact | undefined {
  const payout_reference = textField(content, 'out_bill_no');
  const state = TRANSFER_STATES.find((known) => known === textField(content, 'state'));
  if (!payout_reference || !state) return undefined;
  const wallet_payout_id = textField(content, 'transfer_bill_no');
  const amount = fenField(content, 'transfer_amount');
  const payee = textField(content, 'openid');
  const reason = textField(content, 'fail_reason');
  const packageInfo = textField(content, 'package_info');
  const paid_at = state === 'SUCCESS' ? timeField(content, 'update_time') : undefined;
  return {
    payout_reference,
    state: STATES[state],
    ...(wallet_payout_id === undefined ? {} : { wallet_payout_id }),
    ...(amount === undefined ? {} : { amount }),
    ...(payee === undefined ? {} : { payee }),
    ...(paid_at === undefined ? {} : { paid_at }),
    ...(reason === undefined ? {} : { reason }),
    ...(packageInfo === undefined
      ? {}
      : { confirmation: { mchId: account.mchid, appId: account.appid, package: packageInfo } }),
  };
}
