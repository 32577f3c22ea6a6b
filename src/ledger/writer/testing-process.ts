import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../ids.ts';
import { floored, fund, move, openLedger, transfer, transferLooking } from '../testing-moves.ts';

/**
 * For tests: a ledger in a process of its own, told by messages what to do. `race`: transfers of
 * all there is, at once. `load`: small transfers until it is stopped or killed, each told when it
 * is answered.
 */
export type Order =
  | { readonly order: 'race'; readonly transfers: number }
  | { readonly order: 'load'; readonly at_once: number }
  | { readonly order: 'stop' };

export type Word =
  | { readonly word: 'ready' }
  | { readonly word: 'raced'; readonly committed: number; readonly kinds: readonly string[] }
  | { readonly word: 'answered'; readonly posting: string; readonly kind: string };

const [url = '', connections = ''] = process.argv.slice(2);
const ledger = openLedger(url, { connections: Number(connections) });
let loading = false;

function say(word: Word): void {
  process.send?.(word);
}

async function race(transfers: number): Promise<void> {
  const all = transfer(floored('race-a'), floored('race-b'), 100n);
  const results = await Promise.all(
    Array.from({ length: transfers }, () =>
      transferLooking(ledger, { ...all, id: newId('pst') }).catch((error: unknown) => ({
        kind: `threw ${String(error)}`,
      })),
    ),
  );
  const kinds = results.map(({ kind }) => kind);
  say({ word: 'raced', committed: kinds.filter((kind) => kind === 'committed').length, kinds });
}

async function load(): Promise<void> {
  while (loading) {
    const posting = transfer(floored('load-a'), floored('load-b'), 1n);
    try {
      const { kind } = await ledger.submit(move([posting]));
      say({ word: 'answered', posting: posting.id, kind });
    } catch {
      await sleep(50);
    }
  }
}

process.on('message', (message: Order) => {
  switch (message.order) {
    case 'race':
      void race(message.transfers);
      break;
    case 'load':
      loading = true;
      for (let i = 0; i < message.at_once; i += 1) void load();
      break;
    case 'stop':
      loading = false;
      void sleep(200)
        .then(() => ledger.stop())
        .then(() => process.exit(0));
      break;
    default:
      message satisfies never;
  }
});
process.on('disconnect', () => process.exit(0));
await fund(ledger, floored('hello'), 1n);
say({ word: 'ready' });
