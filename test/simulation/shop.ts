import { OutboundError } from '../../src/outbound.ts';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';
import { currentProcess } from './engine/process.ts';
import type { Random } from './engine/random.ts';
import type { World } from './world.ts';

/** A shop with its orders and its shoppers: what they know, and how they speak with the hub. */
export interface Order {
  /** `held`: in escrow, or with shares; `parts`: of several sellers. */
  readonly kind: 'plain' | 'held' | 'parts';
  readonly reference: string;
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly amount: number;
  /** Once the hub has answered. */
  payment?: string;
  /** The state of a payment of it when it was last read. */
  seen?: { readonly payment: string; readonly state: string };
  /** Where a shopper has confirmed it. */
  paid?: WalletName;
  disputed?: boolean;
  /** Nothing of it is held any more. */
  let_go?: boolean;
  parts: readonly { readonly id: string; readonly amount: number }[];
  /** Every code or page that was ever on the screen. */
  readonly codes: { readonly wallet: WalletName; readonly code: string }[];
  readonly refunds: (Asked & { readonly payment: string })[];
}

/** A call that may be sent again. */
export interface Asked {
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ShopAnswer {
  readonly status: number;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface HeardEvent {
  readonly id: string;
  readonly type: string;
}

interface Call {
  readonly body?: object | undefined;
  readonly key?: string | undefined;
  readonly as?: 'shop' | 'operator' | undefined;
}

const TRIES = 12;
const TIMEOUT_MS = 8_000;
const PEOPLE = ['lin-xia', 'chen-yu'] as const;

export class Shop {
  static readonly people: readonly string[] = PEOPLE;
  readonly orders: Order[] = [];
  readonly payouts: Asked[] = [];
  readonly heard = new Map<string, HeardEvent>();
  /** What went wrong, in sentences. */
  readonly complaints: string[] = [];
  readonly random: Random;
  readonly #world: World;
  /** The first answer to each idempotency key. */
  readonly #answers = new Map<string, ShopAnswer>();
  /** From 0 to 1: how often its webhook endpoint fails. */
  failing = 0.1;
  #numbers = 0;

  constructor(world: World) {
    this.#world = world;
    this.random = world.random.stream('shop');
  }

  number(): number {
    this.#numbers += 1;
    return this.#numbers;
  }

  /** What was answered first to each call that made something. */
  get promises(): readonly ShopAnswer[] {
    return [...this.#answers.values()];
  }

  /** Has a call under this key had its effect, for all the shop knows? */
  answered(key: string): boolean {
    return this.#answers.has(key);
  }

  complain(what: string): void {
    this.complaints.push(what);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Tries again under the same key until the hub answers; undefined when it never does. */
  async call(
    method: string,
    path: string,
    { body, key, as = 'shop' }: Call = {},
  ): Promise<ShopAnswer | undefined> {
    for (let round = 0; round < TRIES; round += 1) {
      const answer = await this.#once(method, path, { body, key, as });
      if (answer && answer.status !== 503 && !isInFlight(answer)) {
        this.#judge(`${method} ${path}`, answer, key);
        return answer;
      }
      await this.sleep(100 + this.random.below(400 * (round + 1)));
    }
    return undefined;
  }

  async #once(
    method: string,
    path: string,
    { body, key, as }: Call,
  ): Promise<ShopAnswer | undefined> {
    const { network, hub_url, parties } = this.#world;
    const sender = currentProcess();
    if (!sender) throw new Error('a shop lives in a process');
    try {
      const answer = await network.send(sender, {
        method,
        url: `${hub_url}${path}`,
        headers: {
          authorization: `Bearer ${as === 'operator' ? parties.operator_key : parties.secret_key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        timeout_ms: TIMEOUT_MS,
        max_answer_bytes: 10_000_000,
      });
      const text = answer.body.toString('utf8');
      return { status: answer.status, text, json: JSON.parse(text) as ShopAnswer['json'] };
    } catch (error) {
      if (error instanceof OutboundError) return undefined;
      throw error;
    }
  }

  /** The same key and body bring the same answer; no answer is the hub's own mistake. */
  #judge(what: string, answer: ShopAnswer, key: string | undefined): void {
    if (answer.status >= 500) this.complain(`${what} is answered ${answer.status}: ${answer.text}`);
    if (key === undefined || answer.status !== 201) return;
    const first = this.#answers.get(key) ?? answer;
    this.#answers.set(key, first);
    // A call that led to a wallet shows its object as it is now; the others repeat their answer.
    const same = what.endsWith('/payments')
      ? first.text === answer.text
      : first.json['id'] === answer.json['id'];
    if (!same) this.complain(`${what} under one key: first ${first.text}, then ${answer.text}`);
  }

  /** A shopper before the code; false when the wallet says no. */
  async payAt(wallet: WalletName, code: string, outcome: 'pay' | 'cancel'): Promise<boolean> {
    const { wallets } = this.#world;
    const sandbox = wallets.all.find((each) => each.wallet === wallet);
    if (!sandbox) return false;
    const ending = await this.atPhone(async () => {
      const scanned = await sandbox.scan(this.random.pick(PEOPLE), code);
      await this.sleep(this.random.below(2_000));
      await sandbox.confirm(scanned.id, outcome);
    });
    return ending === 'done';
  }

  /** What a person does in a wallet, which may say no. */
  async atPhone(act: () => Promise<unknown>): Promise<'done' | 'refused'> {
    try {
      await act();
      return 'done';
    } catch (error) {
      if (error instanceof Error && error.constructor.name === 'PhoneRefusal') return 'refused';
      throw error;
    }
  }

  anyOrder(): Order | undefined {
    const { orders, random } = this;
    if (orders.length === 0) return undefined;
    // Mostly one of the latest: that is where things happen at once.
    const from = random.chance(0.8) ? Math.max(0, orders.length - 8) : 0;
    return orders[from + random.below(orders.length - from)];
  }

  anyWallet(): WalletName {
    return this.random.pick(WALLETS);
  }
}

function isInFlight({ json }: ShopAnswer): boolean {
  const error = json['error'];
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return error.code === 'idempotency_in_flight';
}
