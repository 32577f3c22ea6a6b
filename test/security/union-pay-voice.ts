import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isWalletReference, madeAt } from '../../src/ids.ts';
import { encodeForm, messageOf } from '../../src/protocols/union-pay/message.ts';
import { signMessage } from '../../src/protocols/union-pay/signature.ts';
import { stamp } from '../../src/protocols/union-pay/transactions.ts';
import type { HubRig } from './hub-rig.ts';
import { newTransaction, type Said, type Voice } from './wallet-voice.ts';

/** UnionPay as whoever has its keys: the certificate travels in each letter. */
export function unionPay(rig: HubRig): Voice {
  const { settings } = rig.sandbox('union_pay').merchantAccount();
  const read = (name: string) => readFileSync(join(rig.keys_dir.union_pay, name), 'utf8');
  const wallet_key = createPrivateKey(read('union_pay_private_key.pem'));
  const certificate = read('union_pay_certificate.pem').trim().replaceAll('\n', '\r\n');
  return {
    wallet: 'union_pay',
    wallet_key,
    merchant_key: createPrivateKey(read('merchant_private_key.pem')),
    letter: async (said, hand = {}) => {
      const change = hand.content ?? ((fields) => fields);
      const plain = { ...trade(said, String(settings['mer_id'])), signPubKeyCert: certificate };
      const texts = Object.entries(change(plain)).map(([name, value]) => [
        utf8(name),
        utf8(typeof value === 'object' ? JSON.stringify(value) : `${value}`),
      ]);
      const message = messageOf(Object.fromEntries(texts));
      return {
        headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
        body: Buffer.from(encodeForm(await signMessage(hand.key ?? wallet_key, message))),
      };
    },
  };
}

/** A form is UTF-8, which has no half of a surrogate pair. */
function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

function timeOf(reference: string): string {
  return stamp(isWalletReference(reference) ? madeAt(reference) : new Date());
}

function trade(said: Said, mer_id: string): Record<string, unknown> {
  const refund = said.refund_reference;
  const orderId = refund ?? said.wallet_reference;
  const now = stamp(new Date());
  return {
    version: '5.1.0',
    encoding: 'utf-8',
    signMethod: '01',
    txnType: refund === undefined ? '01' : '04',
    txnSubType: refund === undefined ? '07' : '00',
    bizType: '000000',
    accessType: '0',
    merId: said.merchant ?? mer_id,
    orderId,
    txnTime: timeOf(orderId),
    txnAmt: said.amount.toString(),
    currencyCode: said.currency === undefined || said.currency === 'CNY' ? '156' : said.currency,
    queryId: said.transaction ?? newTransaction(),
    traceNo: '479103',
    traceTime: now.slice(4),
    settleAmt: said.amount.toString(),
    settleCurrencyCode: '156',
    settleDate: now.slice(4, 8),
    respCode: '00',
    respMsg: '成功[0000000]',
    ...(refund === undefined ? {} : { reqReserved: said.wallet_reference }),
  };
}
