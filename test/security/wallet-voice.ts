import { createPrivateKey, type KeyObject, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shanghaiStamp, shanghaiTime } from '../../src/clock.ts';
import { toYuan } from '../../src/money.ts';
import { signNotification } from '../../src/protocols/alipay/notification.ts';
import { encodeForm } from '../../src/protocols/alipay/parameters.ts';
import { sealNotification } from '../../src/protocols/wechat-pay/notification.ts';
import {
  answerMessage,
  newNonce,
  rsaSign,
  signatureHeaders,
  unixSeconds,
} from '../../src/protocols/wechat-pay/signature.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';
import { douyinPay } from './douyin-pay-voice.ts';
import type { HubRig } from './hub-rig.ts';
import { unionPay } from './union-pay-voice.ts';

/** A notification as bytes on the wire. */
export interface Letter {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a letter says: by default, that this order of the first account was paid just now. */
export interface Said {
  readonly wallet_reference: string;
  readonly amount: bigint;
  readonly currency?: string;
  readonly transaction?: string;
  /** The merchant's number: mchid, Alipay seller_id, UnionPay merId. */
  readonly merchant?: string;
  /** Set on a letter about a refund of `amount`. */
  readonly refund_reference?: string;
}

/** What can be done differently than the wallet would. */
export interface Hand {
  readonly key?: KeyObject;
  readonly serial?: string;
  readonly api_v3_key?: string;
  readonly signed_at?: Date;
  /** Changes the content before it is sealed (WeChat Pay) or signed (Alipay). */
  readonly content?: (fields: Record<string, unknown>) => Record<string, unknown>;
  /** Changes the envelope before it is signed (WeChat Pay). */
  readonly envelope?: (text: string) => string;
}

/** The wallets' own keys and numbers: whoever has these speaks as the wallet. */
export interface Voice {
  readonly wallet: WalletName;
  readonly wallet_key: KeyObject;
  readonly merchant_key: KeyObject;
  letter(said: Said, hand?: Hand): Promise<Letter>;
}

export function newTransaction(): string {
  return `42000${randomInt(10 ** 12)}${randomInt(10 ** 10)}`.padEnd(28, '0').slice(0, 28);
}

export function voices(rig: HubRig): Readonly<Record<WalletName, Voice>> {
  return {
    wechat_pay: wechatPay(rig),
    alipay: alipay(rig),
    union_pay: unionPay(rig),
    douyin_pay: douyinPay(rig),
  };
}

function privateKey(...path: readonly string[]): KeyObject {
  return createPrivateKey(readFileSync(join(...path)));
}

function wechatPay(rig: HubRig): Voice {
  const { settings, credentials } = rig.sandbox('wechat_pay').merchantAccount();
  const dir = rig.keys_dir.wechat_pay;
  const wallet_key = privateKey(dir, 'wechat_pay_server_private_key.pem');
  return {
    wallet: 'wechat_pay',
    wallet_key,
    merchant_key: privateKey(dir, 'wechat_pay_merchant_private_key.pem'),
    letter: async (said, hand = {}) => {
      const now = hand.signed_at ?? new Date();
      const { api_v3_key = credentials['api_v3_key'] ?? '' } = hand;
      const change = hand.content ?? ((fields) => fields);
      const plain =
        said.refund_reference === undefined ? transaction(settings, said) : refund(settings, said);
      const event_type =
        said.refund_reference === undefined ? 'TRANSACTION.SUCCESS' : 'REFUND.SUCCESS';
      const sealed = sealNotification({
        id: `EV-${newTransaction()}`,
        create_time: shanghaiTime(now),
        event_type,
        content: change(plain),
        api_v3_key,
      });
      const text = (hand.envelope ?? String)(JSON.stringify(sealed));
      const timestamp = unixSeconds(now);
      const nonce = newNonce();
      const message = answerMessage({ timestamp, nonce, body: text });
      const signature = await rsaSign(hand.key ?? wallet_key, message);
      const serial = hand.serial ?? String(settings['public_key_id']);
      const signed = signatureHeaders({ timestamp, nonce, serial, signature });
      return {
        headers: { 'Content-Type': 'application/json', ...signed },
        body: Buffer.from(text),
      };
    },
  };
}

function transaction(settings: Record<string, unknown>, said: Said) {
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
    bank_type: 'OTHERS',
    success_time: shanghaiTime(new Date()),
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    amount: { total, payer_total: total, currency, payer_currency: currency },
  };
}

function refund(settings: Record<string, unknown>, said: Said) {
  const fen = Number(said.amount);
  return {
    mchid: said.merchant ?? settings['mchid'],
    out_trade_no: said.wallet_reference,
    transaction_id: newTransaction(),
    out_refund_no: said.refund_reference,
    refund_id: said.transaction ?? newTransaction(),
    refund_status: 'SUCCESS',
    success_time: shanghaiTime(new Date()),
    user_received_account: '支付用户零钱',
    amount: { total: fen, refund: fen, payer_total: fen, payer_refund: fen },
  };
}

function alipay(rig: HubRig): Voice {
  const { settings } = rig.sandbox('alipay').merchantAccount();
  const wallet_key = privateKey(rig.keys_dir.alipay, 'alipay_private_key.pem');
  return {
    wallet: 'alipay',
    wallet_key,
    merchant_key: privateKey(rig.keys_dir.alipay, 'app_private_key.pem'),
    letter: async (said, hand = {}) => {
      const change = hand.content ?? ((fields) => fields);
      const fields = change(trade(settings, said, hand.signed_at ?? new Date()));
      const texts = Object.fromEntries(
        Object.entries(fields).map(([name, value]) => {
          // A form is UTF-8, which has no half of a surrogate pair.
          return [utf8(name), utf8(typeof value === 'object' ? JSON.stringify(value) : `${value}`)];
        }),
      );
      const signed = await signNotification(hand.key ?? wallet_key, texts);
      return {
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: Buffer.from(encodeForm(signed)),
      };
    },
  };
}

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

function trade(settings: Record<string, unknown>, said: Said, now: Date) {
  const amount = toYuan(said.amount);
  const stamp = shanghaiStamp(now);
  return {
    notify_time: stamp,
    notify_type: 'trade_status_sync',
    notify_id: newTransaction(),
    charset: 'utf-8',
    version: '1.0',
    app_id: settings['app_id'],
    auth_app_id: settings['app_id'],
    seller_id: said.merchant ?? settings['seller_id'],
    trade_no: said.transaction ?? newTransaction(),
    out_trade_no: said.wallet_reference,
    trade_status: 'TRADE_SUCCESS',
    buyer_id: '2088102177891672',
    total_amount: amount,
    receipt_amount: amount,
    buyer_pay_amount: amount,
    subject: 'Tea, 250 g',
    gmt_create: stamp,
    gmt_payment: stamp,
    ...(said.currency === undefined ? {} : { trans_currency: said.currency }),
    ...(said.refund_reference === undefined
      ? {}
      : { out_biz_no: said.refund_reference, refund_fee: amount, gmt_refund: `${stamp}.000` }),
  };
}
