import { Refusal } from '../../errors.ts';
import { ulid } from '../../ids.ts';
import { OutboundError } from '../../outbound.ts';
import { extractResponse, openResponse, parseObject } from '../../protocols/alipay/response.ts';
import type { CredentialCheck, WalletAccount } from '../wallet.ts';
import { type AlipayAccount, openAccount } from './account.ts';
import type { Gateway, RawAnswer } from './gateway.ts';

/**
 * The credential doctor: asks for an order that cannot exist and reads from the answer which
 * setting or secret is wrong. It moves no money and creates nothing.
 */
const METHOD = 'alipay.trade.query';

function pass(name: string, message: string): CredentialCheck {
  return { name, ok: true, message };
}

function fail(name: string, message: string): CredentialCheck {
  return { name, ok: false, message };
}

function reachable(raw: RawAnswer): CredentialCheck {
  const name = 'gateway';
  if (raw.status !== 200) return fail(name, `the gateway answered HTTP ${raw.status}`);
  const found = extractResponse(raw.text, METHOD);
  return found.ok
    ? pass(name, 'the gateway answers')
    : fail(name, `this address is no Alipay gateway (${found.reason}); it ends in /gateway.do`);
}

/** The reason in an answer, read before it is believed: for diagnosis only. */
function subCodeOf(raw: RawAnswer): string {
  const found = extractResponse(raw.text, METHOD);
  const sub_code = found.ok ? parseObject(found.content)?.['sub_code'] : undefined;
  return typeof sub_code === 'string' ? sub_code : '';
}

const OUR_SIDE: Readonly<Record<string, { readonly name: string; readonly message: string }>> = {
  'isv.invalid-app-id': {
    name: 'app_id',
    message: 'Alipay does not know this app_id; check it, and whether the gateway is the sandbox',
  },
  'isv.invalid-signature': {
    name: 'private_key',
    message:
      'Alipay cannot verify our signature: private_key does not belong to the application public key uploaded in the console',
  },
  'isv.missing-signature-key': {
    name: 'private_key',
    message: 'no application public key is uploaded in the console for this app_id',
  },
  'isv.insufficient-isv-permissions': {
    name: 'permissions',
    message: 'the application is not signed up for payments, or is not online',
  },
};

function ourSide(sub_code: string): CredentialCheck[] {
  const wrong = OUR_SIDE[sub_code];
  const names = ['app_id', 'private_key', 'permissions'];
  if (wrong) {
    // What comes later in the wallet's own order of checks is not known yet.
    const known = names.slice(0, names.indexOf(wrong.name));
    return [...known.map((name) => pass(name, 'accepted')), fail(wrong.name, wrong.message)];
  }
  if (sub_code === 'ACQ.TRADE_NOT_EXIST') return names.map((name) => pass(name, 'accepted'));
  return [fail('app_id', `Alipay answered ${sub_code || 'without a reason'} to a harmless query`)];
}

function theirSide(account: AlipayAccount, raw: RawAnswer): CredentialCheck {
  const opened = openResponse(account.alipay_public_key, raw.text, METHOD);
  return opened.ok
    ? pass('alipay_public_key', 'the answer verifies')
    : fail(
        'alipay_public_key',
        `${opened.reason}: copy 支付宝公钥 of this very application from the console`,
      );
}

function keysOf(account: WalletAccount): AlipayAccount | CredentialCheck {
  try {
    return openAccount(account);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const name = error.detail.param?.split('.').at(-1) ?? 'account';
    return fail(name, error.message);
  }
}

export async function checkCredentials(
  gateway: Gateway,
  account: WalletAccount,
): Promise<CredentialCheck[]> {
  const opened = keysOf(account);
  if ('ok' in opened) return [opened];
  const parsed = pass('keys', 'both keys parse, and the public key is not our own');
  const biz_content = { out_trade_no: `HUTONGCHECK${ulid()}` };
  let raw: RawAnswer;
  try {
    raw = await gateway.send(opened, { method: METHOD, biz_content });
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return [parsed, fail('gateway', `the gateway cannot be reached: ${error.message}`)];
  }
  const answers = reachable(raw);
  if (!answers.ok) return [parsed, answers];
  return [parsed, answers, ...ourSide(subCodeOf(raw)), theirSide(opened, raw)];
}
