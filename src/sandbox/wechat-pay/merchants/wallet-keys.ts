import type { KeyObject } from 'node:crypto';
import type { Clock } from '../../../clock.ts';
import { oaepDecrypt, oaepEncrypt } from '../../../protocols/wechat-pay/oaep.ts';
import {
  answerMessage,
  newNonce,
  rsaSign,
  SIGNATURE_PROBE,
  signatureHeaders,
  unixSeconds,
} from '../../../protocols/wechat-pay/signature.ts';
import type { FaultDial, Occasion } from '../../faults.ts';
import type { SandboxRandom } from '../../random.ts';
import type { Merchant } from './keys.ts';
import type { PlatformKeys } from './platform.ts';
import type { MerchantSettings } from './settings.ts';

/**
 * What the wallet signs and encrypts with towards each merchant. A merchant with certificates
 * alone always meets the platform certificate, also when it asks for the public key; with the
 * public key alone always that; during the switch an answer follows the Wechatpay-Serial of its
 * request and a notification the share of the ramp.
 * https://pay.weixin.qq.com/doc/v3/merchant/4012154180
 */
export interface KeyOptions {
  readonly clock: Clock;
  readonly faults: FaultDial;
  readonly random: SandboxRandom;
  readonly platform: PlatformKeys;
  readonly settings: MerchantSettings;
}

interface SigningKey {
  readonly serial: string;
  readonly key: KeyObject;
}

export class WalletKeys {
  readonly #options: KeyOptions;

  constructor(options: KeyOptions) {
    this.#options = options;
  }

  get platform(): PlatformKeys {
    return this.#options.platform;
  }

  get settings(): MerchantSettings {
    return this.#options.settings;
  }

  /** May a request of this merchant carry this Wechatpay-Serial? */
  knows(merchant: Merchant, serial: string): boolean {
    return serial === merchant.public_key_id || this.platform.find(serial) !== undefined;
  }

  /** The headers that sign an answer; `asked` is the request's Wechatpay-Serial, empty if none. */
  signAnswer(
    merchant: Merchant,
    signed: { asked: string; body: Buffer | string },
  ): Promise<Record<string, string>> {
    const { trust } = this.settings.of(merchant);
    const by_public_key =
      trust === 'pubkey' || (trust === 'both' && signed.asked === merchant.public_key_id);
    return this.#sign(this.#key(merchant, by_public_key), signed.body);
  }

  signNotice(merchant: Merchant, body: string): Promise<Record<string, string>> {
    const { trust, percent } = this.settings.of(merchant);
    const drawn = () => this.#options.random.integer(1000) < percent * 10;
    const by_public_key = trust === 'pubkey' || (trust === 'both' && drawn());
    return this.#sign(this.#key(merchant, by_public_key), body);
  }

  /** The dial may change the certificate just before it is used; a public key never changes. */
  async perhapsRotate(merchant: Merchant, occasion: Occasion): Promise<boolean> {
    if (this.settings.of(merchant).trust === 'pubkey') return false;
    if (!this.#options.faults.strikes('key_rotated', occasion)) return false;
    await this.platform.rotate('now');
    return true;
  }

  /** A field that the merchant encrypted to the key which its Wechatpay-Serial names. */
  open(merchant: Merchant, serial: string, ciphertext: string): string | undefined {
    const key =
      serial === merchant.public_key_id ? merchant.sign_key : this.platform.find(serial)?.sign_key;
    return key && oaepDecrypt(key, ciphertext);
  }

  /**
   * A field for the merchant, under the certificate it signed its call with, or its newest; empty
   * when the text is too long for that.
   */
  seal(merchant: Merchant, text: string, serial_no?: string): string {
    const serial = serial_no?.toUpperCase();
    const used = merchant.certificates.find((each) => each.serial_no === serial);
    return oaepEncrypt(used?.verify_key ?? merchant.verify_key, text) ?? '';
  }

  #key(merchant: Merchant, by_public_key: boolean): SigningKey {
    if (by_public_key) return { serial: merchant.public_key_id, key: merchant.sign_key };
    const { serial, sign_key } = this.platform.signing;
    return { serial, key: sign_key };
  }

  async #sign(by: SigningKey, body: Buffer | string): Promise<Record<string, string>> {
    const timestamp = unixSeconds(this.#options.clock.real());
    const nonce = newNonce();
    const signature = await rsaSign(by.key, answerMessage({ timestamp, nonce, body }));
    return signatureHeaders({ timestamp, nonce, serial: by.serial, signature });
  }
}

/** The same headers with a signature that is wrong on purpose, as the wallet probes receivers. */
export function probed(signed: Readonly<Record<string, string>>): Record<string, string> {
  const signature = signed['Wechatpay-Signature'] ?? '';
  const probe = SIGNATURE_PROBE + signature.slice(SIGNATURE_PROBE.length);
  return { ...signed, 'Wechatpay-Signature': probe };
}
