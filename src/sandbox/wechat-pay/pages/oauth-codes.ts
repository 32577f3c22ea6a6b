import type { SandboxRandom } from '../../random.ts';

const CODE_LIFE_MS = 5 * 60_000;
const MAX_CODES = 10_000;

interface IssuedCode {
  readonly person: string;
  readonly appid: string;
  readonly scope: string;
  readonly at: number;
  used: boolean;
}

/** One-time codes between the authorize page and the token call; in memory, five minutes. */
export class OauthCodes {
  readonly #codes = new Map<string, IssuedCode>();
  readonly #real: () => Date;
  readonly #random: SandboxRandom;

  constructor(real: () => Date, random: SandboxRandom) {
    this.#real = real;
    this.#random = random;
  }

  issue(grant: { person: string; appid: string; scope: string }): string {
    const now = this.#real().getTime();
    for (const [code, issued] of this.#codes) {
      if (now - issued.at <= CODE_LIFE_MS && this.#codes.size < MAX_CODES) break;
      this.#codes.delete(code);
    }
    const code = `0${this.#random.bytes(16).toString('hex').slice(1)}`;
    this.#codes.set(code, { ...grant, at: now, used: false });
    return code;
  }

  /** The grant behind a code, once; afterwards `used`. */
  take(code: string): IssuedCode | 'used' | undefined {
    const issued = this.#codes.get(code);
    if (!issued || this.#real().getTime() - issued.at > CODE_LIFE_MS) return undefined;
    if (issued.used) return 'used';
    issued.used = true;
    return issued;
  }
}
