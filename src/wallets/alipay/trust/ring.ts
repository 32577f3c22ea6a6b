import type { KeyObject } from 'node:crypto';
import { ulid } from '../../../ids.ts';
import { extractResponse, parseObject } from '../../../protocols/alipay/response.ts';
import type { AlipayAccount } from '../account.ts';
import type { RawAnswer } from './answer.ts';
import type { CertificateTrust } from './certificates.ts';
import type { GatewayCall } from './outgoing.ts';

/**
 * Finds the key for a certificate number. One that is not known is downloaded from the wallet; the
 * download itself cannot be verified by key, so what makes it count is its chain to the roots.
 * https://opendocs.alipay.com/common/056zub
 */
export const DOWNLOAD = 'alipay.open.app.alipaycert.download';

const PROBE = 'alipay.trade.query';

/**
 * Tries an account has in a minute: numbers are anybody's to make up. Those that notifications
 * name are counted apart, so that a flood of forged ones cannot keep answers from being read.
 */
const MAX_TRIES: Readonly<Record<Source, number>> = { answer: 6, notification: 1 };
const WINDOW_MS = 60_000;
const SN = /^[0-9a-f]{32}$/;

export interface Downloader {
  /** Undefined when nothing came back. */
  fetch(account: AlipayAccount, call: GatewayCall): Promise<RawAnswer | undefined>;
  readonly real: () => Date;
}

/** By gateway.do and never encrypted: both sides must be able to begin with it. */
function beginning(account: AlipayAccount): AlipayAccount {
  const { aes_key: _unused, ...plain } = account;
  return { ...plain, protocol: 'gateway' };
}

export type Source = 'answer' | 'notification';

interface Tries {
  /** Times of the last tries, epoch milliseconds. */
  readonly answer: number[];
  readonly notification: number[];
  readonly running: Map<string, Promise<KeyObject | undefined>>;
}

export class KeyRing {
  readonly #downloader: Downloader;
  readonly #tries = new WeakMap<CertificateTrust, Tries>();

  constructor(downloader: Downloader) {
    this.#downloader = downloader;
  }

  /** The key of key mode whatever the number; in certificate mode that of the number. */
  async keyOf(
    account: AlipayAccount,
    sn: string | undefined,
    source: Source,
  ): Promise<KeyObject | undefined> {
    const { trust } = account;
    if (trust.mode === 'key') return trust.alipay_public_key;
    const known = trust.key(sn);
    if (known || sn === undefined) return known;
    if (!SN.test(sn)) return undefined;
    return this.#download(account, { trust, sn, source });
  }

  /** Asks the wallet something harmless, to see which certificate it signs with now. */
  async newest(account: AlipayAccount): Promise<KeyObject | undefined> {
    const { trust } = account;
    if (trust.mode === 'key' || !this.#mayTry(trust, 'notification')) return undefined;
    const biz_content = { out_trade_no: `HUTONGKEY${ulid()}` };
    const raw = await this.#downloader.fetch(beginning(account), { method: PROBE, biz_content });
    const found = raw?.status === 200 ? extractResponse(raw.text, PROBE) : undefined;
    return found?.ok ? this.keyOf(account, found.alipay_cert_sn, 'answer') : undefined;
  }

  #triesOf(trust: CertificateTrust): Tries {
    const tries = this.#tries.get(trust) ?? { answer: [], notification: [], running: new Map() };
    this.#tries.set(trust, tries);
    return tries;
  }

  #mayTry(trust: CertificateTrust, source: Source): boolean {
    const at = this.#triesOf(trust)[source];
    const now = this.#downloader.real().getTime();
    while (at[0] !== undefined && at[0] <= now - WINDOW_MS) at.shift();
    if (at.length >= MAX_TRIES[source]) return false;
    at.push(now);
    return true;
  }

  async #download(
    account: AlipayAccount,
    { trust, sn, source }: { trust: CertificateTrust; sn: string; source: Source },
  ): Promise<KeyObject | undefined> {
    const tries = this.#triesOf(trust);
    const running = tries.running.get(sn);
    if (running) return running;
    if (!this.#mayTry(trust, source)) return undefined;
    const finding = this.#find(account, trust, sn).finally(() => tries.running.delete(sn));
    tries.running.set(sn, finding);
    return finding;
  }

  async #find(
    account: AlipayAccount,
    trust: CertificateTrust,
    sn: string,
  ): Promise<KeyObject | undefined> {
    const call = { method: DOWNLOAD, biz_content: { alipay_cert_sn: sn } };
    const raw = await this.#downloader.fetch(beginning(account), call);
    if (raw?.status !== 200) return undefined;
    const found = extractResponse(raw.text, DOWNLOAD);
    const content = found.ok ? parseObject(found.content)?.['alipay_cert_content'] : undefined;
    if (typeof content !== 'string') return undefined;
    const text = Buffer.from(content, 'base64').toString('utf8');
    const problem = trust.learn(text, sn, this.#downloader.real());
    return problem === undefined ? trust.key(sn) : undefined;
  }
}
