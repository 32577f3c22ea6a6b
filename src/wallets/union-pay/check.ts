import { Refusal } from '../../errors.ts';
import { newWalletReference } from '../../ids.ts';
import { OutboundError } from '../../outbound.ts';
import { decodeAnswer, type Message } from '../../protocols/union-pay/message.ts';
import { BIZ } from '../../protocols/union-pay/transactions.ts';
import type { CredentialCheck, WalletAccount } from '../wallet.ts';
import { openAccount, type UnionPayAccount } from './account.ts';
import { addressOf, type Client } from './client.ts';
import { tradeName } from './numbers.ts';
import { QUERY } from './orders/calls.ts';

/**
 * The credential doctor: asks for a trade that cannot exist and reads from the answer which setting
 * or secret is wrong. It moves no money and creates nothing.
 */
const SOON_MS = 30 * 86_400_000;

function pass(name: string, message: string): CredentialCheck {
  return { name, ok: true, message };
}

function fail(name: string, message: string): CredentialCheck {
  return { name, ok: false, message };
}

function ownCertificate(account: UnionPayAccount, now: Date): CredentialCheck {
  const name = 'certificate';
  const until = new Date(account.certificate.validTo);
  const day = until.toISOString().slice(0, 10);
  if (until <= now) return fail(name, `our certificate ran out on ${day}; fetch a new one`);
  if (new Date(account.certificate.validFrom) > now) {
    return fail(name, 'our certificate is not valid yet; is this clock right?');
  }
  const soon = until.getTime() - now.getTime() < SOON_MS ? '; renew it now' : '';
  return pass(name, `certId ${account.cert_id}, valid until ${day}${soon}`);
}

const OUR_SIDE: Readonly<Record<string, { readonly name: string; readonly message: string }>> = {
  '11': {
    name: 'private_key',
    message:
      'UnionPay cannot verify our signature: this certificate is not the one activated for mer_id, or mer_id is another',
  },
  '31': { name: 'mer_id', message: 'UnionPay does not know this mer_id, or it is suspended' },
  '32': { name: 'permissions', message: 'the merchant is not signed up for this product' },
  '43': { name: 'permissions', message: 'the merchant is not signed up for this product' },
  '10': { name: 'mer_id', message: 'UnionPay says that the request has the wrong form' },
};

function ourSide(message: Message): CredentialCheck[] {
  const code = message.get('respCode') ?? '';
  const names = ['mer_id', 'private_key', 'permissions'];
  // No such trade: everything before it was accepted.
  if (code === '34' || code === '00') return names.map((name) => pass(name, 'accepted'));
  const wrong = OUR_SIDE[code] ?? {
    name: 'mer_id',
    message: `UnionPay answered ${code || 'without a code'} to a harmless query`,
  };
  const said = message.get('respMsg') ?? '';
  const known = names.slice(0, names.indexOf(wrong.name));
  return [
    ...known.map((name) => pass(name, 'accepted')),
    fail(wrong.name, `${wrong.message} (${code} ${said.slice(0, 200)})`),
  ];
}

function theirSide(account: UnionPayAccount, message: Message, now: Date): CredentialCheck {
  const belief = account.signers.judge(message, now);
  return belief.ok
    ? pass('root_certificate', 'the answer verifies on root_certificate and middle_certificate')
    : fail(
        'root_certificate',
        `${belief.message}: take root_certificate and middle_certificate of this very environment`,
      );
}

function opened(account: WalletAccount): UnionPayAccount | CredentialCheck {
  try {
    return openAccount(account);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return fail(error.detail.param?.split('.').at(-1) ?? 'account', error.message);
  }
}

export async function checkCredentials(
  client: Client,
  given: WalletAccount,
): Promise<CredentialCheck[]> {
  const account = opened(given);
  if ('ok' in account) return [account];
  const now = client.environment.real();
  const keys = pass('keys', 'key and certificates parse and belong together');
  const first = [keys, ownCertificate(account, now)];
  const fields = { ...tradeName(newWalletReference(0)), bizType: BIZ.none };
  const url = addressOf(account, QUERY);
  try {
    const answer = await client.send(account, { operation: QUERY, fields }, url);
    if (answer.status !== 200) {
      return [...first, fail('gateway', `the gateway answered HTTP ${answer.status}`)];
    }
    const message = decodeAnswer(answer.body.toString('utf8'));
    if (!message?.has('respCode')) {
      return [
        ...first,
        fail('gateway', 'this address is no UnionPay gateway; it ends in /gateway/api'),
      ];
    }
    const answers = pass('gateway', 'the gateway answers');
    return [...first, answers, ...ourSide(message), theirSide(account, message, now)];
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return [...first, fail('gateway', `the gateway cannot be reached: ${error.message}`)];
  }
}
