import type { App } from '../../src/app.ts';
import { statement } from '../../src/db/pool.ts';
import type { Move, RowChange } from '../../src/ledger/ledger.ts';
import { allConnectors } from '../../src/wallets/connectors.ts';
import type { RefundOrder, Wallet, WalletEnvironment } from '../../src/wallets/wallet.ts';

/**
 * Bugs that the simulator must find, each a mistake that a hub like this could really have. They
 * are wrapped around the hub here; the hub itself has no switch for them.
 */
export const BUGS = [
  /** A refund without an answer is sent once more, under a new number. */
  'refund_sent_anew',
  /** A refund without an answer is taken for a refused one. */
  'timeout_taken_for_refusal',
  /** A move commits although the row that it was decided on has changed meanwhile. */
  'version_ignored',
  /** Now and then a move commits without telling anybody. */
  'event_forgotten',
] as const;
export type Bug = (typeof BUGS)[number];

export function isBug(text: string): text is Bug {
  return (BUGS as readonly string[]).includes(text);
}

export function connectorsWith(bug: Bug | undefined) {
  return (environment: WalletEnvironment): readonly Wallet[] =>
    allConnectors(environment).map((wallet) => {
      if (bug === 'refund_sent_anew') return sendingAnew(wallet);
      if (bug === 'timeout_taken_for_refusal') return refusingOnTimeout(wallet);
      return wallet;
    });
}

function sendingAnew(wallet: Wallet): Wallet {
  return {
    ...wallet,
    async refund(account, refund) {
      const first = await wallet.refund(account, refund);
      if (first.kind !== 'unknown') return first;
      const again = await wallet.refund(account, {
        ...refund,
        refund_reference: otherNumber(refund),
      });
      if (again.kind !== 'fact') return again;
      const { refund_reference } = refund;
      return { ...again, fact: { ...again.fact, refund_reference } };
    },
  };
}

/** Of the same shape, so that the wallet takes it. */
function otherNumber({ refund_reference }: RefundOrder): string {
  const last = refund_reference.endsWith('0') ? '1' : '0';
  return refund_reference.slice(0, -1) + last;
}

function refusingOnTimeout(wallet: Wallet): Wallet {
  return {
    ...wallet,
    async refund(account, refund) {
      const outcome = await wallet.refund(account, refund);
      if (outcome.kind !== 'unknown') return outcome;
      const { trace, cause } = outcome;
      return { kind: 'refused', code: 'not_permitted', message: cause, trace };
    },
  };
}

const FORGETFUL = 0.01;

export function withBug(app: App, bug: Bug | undefined): App {
  const { ledger } = app;
  if (bug === 'version_ignored') {
    const submit = async (move: Move) => {
      const rows: RowChange[] = [];
      for (const row of move.rows) rows.push(await atItsLatest(app, move, row));
      return ledger.submit({ ...move, rows });
    };
    return { ...app, ledger: { ...ledger, submit } };
  }
  if (bug === 'event_forgotten') {
    const submit = (move: Move) =>
      ledger.submit(Math.random() < FORGETFUL ? { ...move, events: [] } : move);
    return { ...app, ledger: { ...ledger, submit } };
  }
  return app;
}

async function atItsLatest(app: App, { book }: Move, row: RowChange): Promise<RowChange> {
  if (row.op !== 'update') return row;
  const text = `select version from ${row.kind.table} where book = $1 and id = $2`;
  const [now] = await app.db.query<{ version: number }>(statement(text, [book, row.id]));
  return now ? { ...row, version: now.version } : row;
}
