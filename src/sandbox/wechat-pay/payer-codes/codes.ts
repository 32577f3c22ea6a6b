import { randomDigits, type SandboxRandom } from '../../random.ts';
import type { PayerCode } from '../../sandbox.ts';
import type { Collection, SandboxStore } from '../../store.ts';

/**
 * The codes people show to a scanner: 18 digits, the first two 10 to 14 on the mainland (15 is Hong
 * Kong), a new one each minute of business time, spent by the first charge whatever its end.
 */
interface CodeRecord {
  readonly code: string;
  readonly person: string;
  readonly expires_at: number;
  spent: boolean;
  /** Asked for its openid by this merchant, which alone may charge it now. */
  bound_to: string | null;
}

export type CodeClaim =
  | { readonly kind: 'person'; readonly person: string }
  | { readonly kind: 'malformed' | 'unknown' | 'expired' | 'spent' | 'bound' };

const CODE_LIFE_MS = 60_000;
/** Codes of this many minutes are remembered, to say that they are over. */
const KEPT_PER_PERSON = 60;
const SHAPE = /^1[0-5]\d{16}$/;

export class PayerCodes {
  readonly #records: Collection<CodeRecord>;
  readonly #random: SandboxRandom;
  /** Oldest first. */
  readonly #byPerson = new Map<string, CodeRecord[]>();

  constructor(store: SandboxStore, random: SandboxRandom) {
    this.#records = store.collection<CodeRecord>('payer_codes');
    this.#random = random;
    const records = [...this.#records.values()].sort((a, b) => a.expires_at - b.expires_at);
    for (const record of records) this.#listOf(record.person).push(record);
  }

  /** The code on this person's phone: the same until it is spent or its minute is over. */
  show(person: string, now: number): PayerCode {
    const list = this.#listOf(person);
    const last = list.at(-1);
    const alive = last && !last.spent && now < last.expires_at ? last : this.#issue(person, now);
    return { code: alive.code, expires_at: new Date(alive.expires_at) };
  }

  /** Whose code this is; asking does not spend it. */
  claim(code: string, claim: { mchid: string; now: number }): CodeClaim {
    if (!SHAPE.test(code)) return { kind: 'malformed' };
    const record = this.#records.get(code);
    if (!record) return { kind: 'unknown' };
    if (record.spent) return { kind: 'spent' };
    if (claim.now >= record.expires_at) return { kind: 'expired' };
    if (record.bound_to !== null && record.bound_to !== claim.mchid) return { kind: 'bound' };
    return { kind: 'person', person: record.person };
  }

  spend(code: string): void {
    const record = this.#records.get(code);
    if (!record) return;
    record.spent = true;
    this.#records.put(code, record);
  }

  bind(code: string, mchid: string): void {
    const record = this.#records.get(code);
    if (!record) return;
    record.bound_to = mchid;
    this.#records.put(code, record);
  }

  #issue(person: string, now: number): CodeRecord {
    let code = this.#draw();
    while (this.#records.get(code)) code = this.#draw();
    const expires_at = now + CODE_LIFE_MS;
    const record: CodeRecord = { code, person, expires_at, spent: false, bound_to: null };
    const list = this.#listOf(person);
    list.push(record);
    this.#records.put(code, record);
    if (list.length > KEPT_PER_PERSON) this.#records.delete(list.shift()?.code ?? '');
    return record;
  }

  #draw(): string {
    return `1${this.#random.integer(5)}${randomDigits(this.#random, 16)}`;
  }

  #listOf(person: string): CodeRecord[] {
    let list = this.#byPerson.get(person);
    if (!list) {
      list = [];
      this.#byPerson.set(person, list);
    }
    return list;
  }
}
