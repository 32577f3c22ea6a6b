import type { Collection, SandboxStore } from '../../store.ts';

/** What a developer set this sandbox to; kept over a restart. */
export interface SwitchState {
  /** Are stamps of another hour refused, or only warned of? */
  readonly timestamps: 'lenient' | 'strict';
  /** Do notifications of certificate mode name the certificate that signed them? */
  readonly notification_cert_sn: boolean;
  /** Applications that may still sign with RSA (SHA-1). */
  readonly rsa_apps: readonly string[];
}

const FIRST: SwitchState = { timestamps: 'lenient', notification_cert_sn: false, rsa_apps: [] };
const KEY = 'all';

export class Switches {
  readonly #kept: Collection<SwitchState>;

  constructor(store: SandboxStore) {
    this.#kept = store.collection<SwitchState>('switches');
  }

  get state(): SwitchState {
    return this.#kept.get(KEY) ?? FIRST;
  }

  get timestamps(): SwitchState['timestamps'] {
    return this.state.timestamps;
  }

  get notification_cert_sn(): boolean {
    return this.state.notification_cert_sn;
  }

  allowsRsa(app_id: string): boolean {
    return this.state.rsa_apps.includes(app_id);
  }

  set(change: Partial<SwitchState>): SwitchState {
    const state = { ...this.state, ...change };
    this.#kept.put(KEY, state);
    return state;
  }
}
