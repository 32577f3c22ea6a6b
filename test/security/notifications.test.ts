import { beforeAll, describe, expect, test } from 'vitest';
import { brokenLaws } from '../../src/check/run.ts';
import { LAWS } from '../../src/laws/every.ts';
import { WALLETS, type WalletName } from '../../src/wallets/wallet.ts';
import { ATTACKS } from './attacks.ts';
import { type HubRig, objectIn, startHubRig } from './hub-rig.ts';
import { footprint, send } from './notify.ts';
import { newAttempt, newPayment, openShop, type ShopAttempt } from './shop.ts';
import { type Said, type Voice, voices } from './wallet-voice.ts';

let rig: HubRig;
let voice: Record<WalletName, Voice>;
const attempts = new Map<WalletName, ShopAttempt>();

beforeAll(async () => {
  rig = await startHubRig();
  voice = voices(rig);
  const shop = await openShop(rig);
  for (const wallet of WALLETS) {
    const payment = await newPayment(rig, shop);
    attempts.set(wallet, await newAttempt(rig, shop, { payment, wallet }));
  }
});

/** What every lie is about: the order that waits for its payment. */
function said(wallet: WalletName): Said {
  const wallet_reference = attempts.get(wallet)?.wallet_reference ?? '';
  return { wallet_reference, amount: 6_900n };
}

async function refusals(wallet: WalletName): Promise<Record<string, number>> {
  const rows = await rig.rows(
    'select reason, count::int as count from refused_notifications where wallet_account_id = $1',
    [rig.accounts[wallet]],
  );
  return Object.fromEntries(rows.map((row) => [String(row['reason']), Number(row['count'])]));
}

function expectWalletsOwnFailure(wallet: WalletName, answer: { status: number; text: string }) {
  if (wallet === 'alipay') return expect(answer).toMatchObject({ status: 200, text: 'fail' });
  expect(answer.status).toBe(400);
  if (wallet === 'union_pay') return expect(answer.text).toBe('fail');
  return expect(objectIn(answer.text)).toMatchObject({ code: 'FAIL' });
}

describe.each(WALLETS)('a notification of %s', (wallet) => {
  test.each(ATTACKS[wallet])('that $name is refused, recorded, without effect', async (attack) => {
    const before = { footprint: await footprint(rig), refusals: await refusals(wallet) };
    const letter = await attack.forge(voice[wallet], said(wallet));
    const answer = await send(rig, { wallet }, letter);
    expectWalletsOwnFailure(wallet, answer);
    const count = (before.refusals[attack.reason] ?? 0) + 1;
    expect(await refusals(wallet)).toEqual({ ...before.refusals, [attack.reason]: count });
    expect(await footprint(rig)).toEqual(before.footprint);
  });

  test('is kept as a few printable samples, however many are refused', async () => {
    const letter = { headers: {}, body: Buffer.from('\u0000\u001b[31m付款"}{') };
    for (let i = 0; i < 8; i += 1) await send(rig, { wallet }, letter);
    const [row] = await rig.rows(
      `select count::int as count, samples from refused_notifications
       where wallet_account_id = $1 and reason = 'signature'`,
      [rig.accounts[wallet]],
    );
    expect(Number(row?.['count'])).toBeGreaterThanOrEqual(8);
    expect(row?.['samples']).toHaveLength(5);
    expect(JSON.stringify(row?.['samples'])).toMatch(/^[\x20-\x7e]*$/);
  });

  test('beyond the size limit is refused before it is read whole', async () => {
    const before = await footprint(rig);
    const { headers } = await voice[wallet].letter(said(wallet));
    const answer = await send(rig, { wallet }, { headers, body: Buffer.alloc(65_537, 'a') });
    expect(answer.status).toBe(413);
    expect(objectIn(answer.text)).toMatchObject({ error: { code: 'body_too_large' } });
    expect(await footprint(rig)).toEqual(before);
  });

  test('at an address that is none is nobody’s', async () => {
    const before = await footprint(rig);
    const letter = await voice[wallet].letter(said(wallet));
    const other = wallet === 'alipay' ? 'wechat_pay' : 'alipay';
    const addresses = [
      { wallet, account: 'wac_0001M7Y8SENF48V67YBC09G30324' },
      { wallet, account: '../v1/payments' },
      { wallet, account: "wac_' or 1=1 --" },
      { wallet: other, account: rig.accounts[wallet] },
      { wallet: 'constructor', account: rig.accounts[wallet] },
    ];
    for (const address of addresses) {
      const answer = await send(rig, address, letter);
      expect(answer.status, JSON.stringify(address)).toBe(404);
      expect(objectIn(answer.text)).toMatchObject({ error: { code: 'not_found' } });
    }
    expect(await footprint(rig)).toEqual(before);
  });
});

test('after all lies the payments still wait, unpaid, and the ledger is clean', async () => {
  const states = await rig.rows('select distinct state from payments');
  expect(states).toEqual([{ state: 'pending' }]);
  expect(await rig.rows('select id from postings')).toEqual([]);
  expect(await brokenLaws(rig.app.db, LAWS)).toEqual([]);
});
