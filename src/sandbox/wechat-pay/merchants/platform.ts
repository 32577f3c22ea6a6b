import { createPrivateKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import {
  type PlatformCertificate,
  readCertificate,
} from '../../../protocols/wechat-pay/certificates.ts';
import type { Issued } from '../../certificates.ts';
import { isIssued, issuePlatformCertificate } from './authority.ts';
import { damaged, readList, writePrivateJson } from './key-files.ts';

/**
 * The wallet's platform certificates, the same for all merchants. One signs; its predecessor stays
 * published, for messages still on their way; a successor may be published before it signs.
 */
export interface PlatformPair extends PlatformCertificate {
  readonly pem: string;
  readonly sign_key: KeyObject;
}

interface Kept extends Issued {
  /** Does it sign, has it signed, or will it? */
  use: 'past' | 'signs' | 'next';
}

export class PlatformKeys {
  readonly #file: string;
  readonly #authority: Issued;
  readonly #now: () => Date;
  #kept: Kept[];
  #pairs: PlatformPair[] = [];
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(file: string, authority: Issued, options: { now: () => Date; kept: Kept[] }) {
    this.#file = file;
    this.#authority = authority;
    this.#now = options.now;
    this.#kept = options.kept;
    this.#pairs = this.#kept.map((kept) => pairOf(kept, file));
  }

  static async open(directory: string, authority: Issued, now: () => Date): Promise<PlatformKeys> {
    const file = join(directory, 'wechat_pay_platform_certificates.json');
    const known = await readList(file, isKept);
    const first = async (): Promise<Kept> => ({
      ...(await issuePlatformCertificate(authority, now())),
      use: 'signs',
    });
    const kept = known ?? [await first()];
    if (!known) await writePrivateJson(file, kept);
    if (!kept.some(({ use }) => use === 'signs')) throw damaged(file);
    return new PlatformKeys(file, authority, { now, kept });
  }

  /** All that may be met now. */
  get published(): readonly PlatformPair[] {
    return this.#pairs;
  }

  get signing(): PlatformPair {
    const index = this.#kept.findIndex(({ use }) => use === 'signs');
    const pair = this.#pairs[index];
    if (!pair) throw damaged(this.#file);
    return pair;
  }

  find(serial: string): PlatformPair | undefined {
    return this.#pairs.find((pair) => pair.serial === serial.toUpperCase());
  }

  /**
   * `later` publishes a successor; `now` lets the published successor sign, or a new one where none
   * is waiting. One change at a time.
   */
  rotate(signs: 'now' | 'later'): Promise<PlatformPair> {
    const changed = this.#changing.then(() => this.#rotate(signs));
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #rotate(signs: 'now' | 'later'): Promise<PlatformPair> {
    const kept = this.#kept.map((each) => ({ ...each }));
    let next = kept.find(({ use }) => use === 'next');
    if (!next) {
      next = { ...(await issuePlatformCertificate(this.#authority, this.#now())), use: 'next' };
      kept.push(next);
    }
    const chosen = next;
    const after = signs === 'later' ? kept : step(kept);
    await writePrivateJson(this.#file, after);
    this.#kept = after;
    this.#pairs = after.map((each) => pairOf(each, this.#file));
    return pairOf(chosen, this.#file);
  }
}

/** The successor signs, the signer is past, what was past is gone. */
function step(kept: readonly Kept[]): Kept[] {
  return kept
    .filter(({ use }) => use !== 'past')
    .map((each) => ({ ...each, use: each.use === 'signs' ? 'past' : 'signs' }));
}

function isKept(value: unknown): value is Kept {
  if (!isIssued(value)) return false;
  const { use } = { use: '', ...value };
  return use === 'past' || use === 'signs' || use === 'next';
}

function pairOf(kept: Issued, file: string): PlatformPair {
  const certificate = readCertificate(kept.certificate);
  if (!certificate) throw damaged(file);
  return { ...certificate, pem: kept.certificate, sign_key: createPrivateKey(kept.private_key) };
}
