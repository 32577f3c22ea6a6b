import { beforeAll, describe, expect, test } from 'vitest';
import { createAttempt } from '../../src/attempts/create.ts';
import { sql } from '../../src/db/pool.ts';
import { PRESENTATIONS } from '../../src/wallets/presentation.ts';
import { requireAccount } from '../../src/wallets/registry.ts';
import { WALLETS } from '../../src/wallets/wallet.ts';
import { codeIn, needsPayer, payerId } from '../contract/stage.ts';
import { type MoneyRig, startMoneyRig } from '../support/money-rig.ts';

/** Whatever a wallet can be paid in is paid through the hub. */
let rig: MoneyRig;
beforeAll(async () => {
  rig = await startMoneyRig();
});

describe.each(WALLETS)('at %s', (wallet) => {
  test.each(PRESENTATIONS)('%s is paid, or refused before anything is asked', async (kind) => {
    const connector = rig.app.wallets.connector(wallet);
    const account = await requireAccount(rig.app.wallets, rig.accounts[wallet]);
    const payment = await rig.create();
    const has = connector.capabilities.presentations.includes(kind);
    const payer = has && needsPayer(kind) ? await payerId(connector, account, 'lin-xia') : 'none';
    const asked = createAttempt(rig.app, {
      payment,
      wallet,
      presentation: kind,
      client_ip: '127.0.0.1',
      payer,
    });
    if (!has) {
      await expect(asked).rejects.toMatchObject({ code: 'wallet_not_eligible' });
      const calls = await rig.app.db.query(sql`
        select id from wallet_calls where payment_id = ${payment.id}`);
      expect(calls).toEqual([]);
      return;
    }
    const { presentation_data } = await asked;
    if (!presentation_data) throw new Error('nothing to show');
    await rig.payAt(wallet, codeIn(presentation_data));
    await rig.until(
      () => rig.reload(payment),
      ({ state }) => state === 'succeeded',
    );
  });
});
