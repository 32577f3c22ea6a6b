import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shanghaiTime } from '../../src/clock.ts';
import { sealNotification } from '../../src/protocols/douyin-pay/messages.ts';
import { signAnswer } from '../../src/protocols/douyin-pay/signature.ts';
import { serialOf } from '../../src/sandbox/certificates.ts';
import type { HubRig } from './hub-rig.ts';
import { newTransaction, type Said, type Voice } from './wallet-voice.ts';

/** Douyin Pay as whoever has its keys. */
export function douyinPay(rig: HubRig): Voice {
  const { settings, credentials } = rig.sandbox('douyin_pay').merchantAccount();
  const platform = platformOf(rig.keys_dir.douyin_pay);
  return {
    wallet: 'douyin_pay',
    wallet_key: platform.key,
    merchant_key: createPrivateKey(credentials['private_key'] ?? ''),
    letter: async (said, hand = {}) => {
      const now = hand.signed_at ?? new Date();
      const refund = said.refund_reference !== undefined;
      const plain = refund ? refundOf(settings, said) : orderOf(settings, said);
      const sealed = sealNotification({
        id: `EV-${newTransaction()}`,
        create_time: shanghaiTime(now),
        event_type: refund ? 'REFUND.SUCCESS' : 'TRANSACTION.SUCCESS',
        content: (hand.content ?? ((fields) => fields))(plain),
        mchid: String(settings['mchid']),
        encrypt_key: hand.api_v3_key ?? credentials['encrypt_key'] ?? '',
      });
      const body = Buffer.from((hand.envelope ?? String)(JSON.stringify(sealed)));
      const signer = { serial: hand.serial ?? platform.serial, key: hand.key ?? platform.key };
      const signed = await signAnswer(signer, { body, now });
      return { headers: { 'Content-Type': 'application/json', ...signed }, body };
    },
  };
}

function platformOf(keys_dir: string): { serial: string; key: KeyObject } {
  const text = readFileSync(join(keys_dir, 'douyin_pay.json'), 'utf8');
  const stored = JSON.parse(text) as {
    platform: readonly { certificate: string; private_key: string }[];
  };
  const newest = stored.platform.at(-1);
  if (!newest) throw new Error('no platform certificate');
  return { serial: serialOf(newest.certificate), key: createPrivateKey(newest.private_key) };
}

function orderOf(settings: Record<string, unknown>, said: Said) {
  const total = Number(said.amount);
  const currency = said.currency ?? 'CNY';
  return {
    appid: settings['appid'],
    mchid: said.merchant ?? settings['mchid'],
    out_trade_no: said.wallet_reference,
    transaction_id: said.transaction ?? newTransaction(),
    trade_type: 'NATIVE',
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    success_time: shanghaiTime(new Date()),
    payer: { openid: '6d1f0a' },
    amount: { total, payer_total: total, currency, payer_currency: currency },
  };
}

function refundOf(settings: Record<string, unknown>, said: Said) {
  const fen = Number(said.amount);
  return {
    mchid: said.merchant ?? settings['mchid'],
    out_trade_no: said.wallet_reference,
    transaction_id: newTransaction(),
    out_refund_no: said.refund_reference,
    refund_id: said.transaction ?? newTransaction(),
    refund_status: 'SUCCESS',
    success_time: shanghaiTime(new Date()),
    amount: { total: fen, refund: fen, payer_total: fen, payer_refund: fen },
  };
}
