import type { KeyObject } from 'node:crypto';
import {
  judgeSigner,
  type SignerVerdict,
  type TrustStore,
} from '../../protocols/union-pay/certificates.ts';
import type { Message } from '../../protocols/union-pay/message.ts';
import { verifyMessage } from '../../protocols/union-pay/signature.ts';

/**
 * Believing UnionPay: the certificate in a message must stand on the account's own root and middle
 * certificate at this moment; then the message must verify under it. The few certificates that
 * passed are remembered until they run out.
 */
export type Belief =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: 'signature' | 'unknown_key' | 'stale';
      readonly message: string;
    };

const MAX_KNOWN = 32;

export class TrustedSigners {
  readonly #store: TrustStore;
  readonly #known = new Map<string, { key: KeyObject; until: Date }>();

  constructor(store: TrustStore) {
    this.#store = store;
  }

  /** `now` is real time. */
  judge(message: Message, now: Date): Belief {
    if ((message.get('signature') ?? '') === '') {
      return { ok: false, reason: 'signature', message: 'there is no signature' };
    }
    const text = message.get('signPubKeyCert') ?? '';
    const verdict = this.#signer(text, now);
    if (!verdict.ok) {
      const reason = verdict.reason === 'expired' ? 'stale' : 'unknown_key';
      return { ok: false, reason, message: verdict.message };
    }
    return verifyMessage(verdict.key, message)
      ? { ok: true }
      : { ok: false, reason: 'signature', message: 'the signature is not of this message' };
  }

  #signer(text: string, now: Date): SignerVerdict {
    const known = this.#known.get(text);
    if (known && now < known.until) return { ok: true, key: known.key, valid_until: known.until };
    const verdict = judgeSigner(this.#store, text, now);
    if (verdict.ok) {
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      const until = this.#earliest(verdict.valid_until);
      this.#known.set(text, { key: verdict.key, until });
    }
    return verdict;
  }

  #earliest(until: Date): Date {
    const ends = [until, this.#store.root, this.#store.middle].map((each) =>
      each instanceof Date ? each.getTime() : Date.parse(each.validTo),
    );
    return new Date(Math.min(...ends));
  }
}
