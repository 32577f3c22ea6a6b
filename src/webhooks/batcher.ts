/**
 * Turns many single calls into few set-based ones without a timer: what is asked while the previous
 * call runs goes together in the next one. An item whose key has no answer gets undefined.
 */
export interface Batcher<Item, Answer> {
  ask(item: Item): Promise<Answer | undefined>;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  resolve(answer: Answer | undefined): void;
  reject(error: unknown): void;
}

const MAX_BATCH = 200;

export function createBatcher<Item, Answer>(options: {
  run(items: readonly Item[]): Promise<ReadonlyMap<string, Answer>>;
  keyOf(item: Item): string;
}): Batcher<Item, Answer> {
  let waiting: Waiting<Item, Answer>[] = [];
  let running = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      try {
        const answers = await options.run(batch.map(({ item }) => item));
        for (const one of batch) one.resolve(answers.get(options.keyOf(one.item)));
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    }
    running = false;
  }

  return {
    ask: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (running) return;
        running = true;
        setImmediate(() => void drain());
      }),
  };
}
