import type { App } from '../../src/app.ts';
import { statement } from '../../src/db/pool.ts';
import type { Move, RowChange } from '../../src/ledger/ledger.ts';
import { allConnectors } from '../../src/wallets/connectors.ts';
import type { Wallet, WalletEnvironment } from '../../src/wallets/wallet.ts';

import type { Bug } from './bugs.ts';

/** The bugs of `bugs.ts`, planted around the hub. */
export function connectorsWith(bug: Bug | undefined) {
  return (environment: WalletEnvironment): readonly Wallet[] =>
    allConnectors(environment).map((wallet) => {
      if (bug === 'refund_sent_anew') return sendingAnew(wallet);
      if (bug === 'payout_sent_anew') return payingAnew(wallet);
      if (bug === 'share_given_anew') return sharingAnew(wallet);
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
        refund_reference: otherNumber(refund.refund_reference),
      });
      if (again.kind !== 'fact') return again;
      const { refund_reference } = refund;
      return { ...again, fact: { ...again.fact, refund_reference } };
    },
  };
}

/** Of the same shape, so that the wallet takes it. */
function otherNumber(number: string): string {
  return number.slice(0, -1) + (number.endsWith('0') ? '1' : '0');
}

function payingAnew(wallet: Wallet): Wallet {
  const { payouts, sellerFunds } = wallet;
  return {
    ...wallet,
    ...(payouts && {
      payouts: {
        ...payouts,
        async pay(account, payout) {
          const first = await payouts.pay(account, payout);
          if (first.kind !== 'unknown') return first;
          const { payout_reference } = payout;
          const other = { ...payout, payout_reference: otherNumber(payout_reference) };
          const again = await payouts.pay(account, other);
          return again.kind === 'fact'
            ? { ...again, fact: { ...again.fact, payout_reference } }
            : again;
        },
      },
    }),
    ...(sellerFunds && {
      sellerFunds: {
        ...sellerFunds,
        async withdraw(account, order) {
          const first = await sellerFunds.withdraw(account, order);
          if (first.kind !== 'unknown') return first;
          const { withdrawal_reference } = order;
          const other = { ...order, withdrawal_reference: otherNumber(withdrawal_reference) };
          const again = await sellerFunds.withdraw(account, other);
          return again.kind === 'fact'
            ? { ...again, fact: { ...again.fact, withdrawal_reference } }
            : again;
        },
      },
    }),
  };
}

function sharingAnew(wallet: Wallet): Wallet {
  const { splits } = wallet;
  if (!splits) return wallet;
  return {
    ...wallet,
    splits: {
      ...splits,
      async split(account, order) {
        const first = await splits.split(account, order);
        if (first.kind !== 'unknown') return first;
        const split_reference = otherNumber(order.split_reference);
        return splits.split(account, { ...order, split_reference });
      },
    },
  };
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
