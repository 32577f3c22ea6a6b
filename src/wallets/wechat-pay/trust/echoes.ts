/**
 * Self-tests whose notification is still to come. Whoever verifies notifications in this process
 * tells here; the doctor waits.
 */
export type Heard = 'heard' | 'decrypt' | 'silent';

interface Waiting {
  readonly account_id: string;
  readonly message: string;
  readonly tell: (heard: Heard) => void;
}

export class Echoes {
  readonly #waiting = new Set<Waiting>();

  wait(account_id: string, message: string, patience_ms: number): Promise<Heard> {
    return new Promise((resolve) => {
      const tell = (heard: Heard) => {
        clearTimeout(timer);
        this.#waiting.delete(entry);
        resolve(heard);
      };
      const entry = { account_id, message, tell };
      const timer = setTimeout(() => tell('silent'), patience_ms);
      this.#waiting.add(entry);
    });
  }

  /** A genuine notification came back with this text. */
  heard(account_id: string, message: string): void {
    for (const entry of [...this.#waiting]) {
      if (entry.account_id === account_id && entry.message === message) entry.tell('heard');
    }
  }

  /** A notification with a good signature could not be decrypted. */
  unreadable(account_id: string): void {
    for (const entry of [...this.#waiting]) {
      if (entry.account_id === account_id) entry.tell('decrypt');
    }
  }
}
