import { beforeAll, describe, expect, test } from 'vitest';
import { WALLETS } from '../../src/wallets/wallet.ts';
import { rawExchange } from './exchange.ts';
import { pageRequest, RAW_REQUESTS } from './fuzz-requests.ts';
import { FACTOR, noFailure, storm } from './fuzz-storm.ts';
import type { Dice } from './fuzz-values.ts';
import { type HubRig, startHubRig } from './hub-rig.ts';
import { openShop, paidPayment } from './shop.ts';
import { signedRequests } from './signed-requests.ts';

/** The world's ports: the sandboxes and the phone listen on loopback, but trust nobody. */
let rig: HubRig;

beforeAll(async () => {
  rig = await startHubRig();
});

test('what is no HTTP is refused or cut off by every port', async () => {
  const ports = [rig.url, rig.phone.url, ...WALLETS.map((wallet) => rig.sandbox(wallet).url)];
  for (const root of ports) {
    for (const bytes of RAW_REQUESTS) {
      const said = await rawExchange(root, bytes);
      const shown = `${root} ${JSON.stringify(bytes.toString().slice(0, 60))}`;
      expect(said, shown).toMatch(/^$|^HTTP\/1\.1 [1-4]\d\d /);
    }
  }
});

describe.each(WALLETS)('the sandbox of %s', (wallet) => {
  test('takes no harm from what a merchant signs', async () => {
    const make = signedRequests(rig, wallet);
    const { url } = rig.sandbox(wallet);
    const cases = 120 * FACTOR;
    expect((await storm({ root: url, cases, make, judge: noFailure })).wrong).toEqual([]);
  });

  test('takes no harm from strangers', async () => {
    const paths = [
      '/',
      '/v3/pay/transactions/native',
      '/v3/refund/domestic/refunds',
      '/gateway.do',
      '/gateway/api/frontTransReq.do',
      '/gateway/api/backTransReq.do',
      '/gateway/api/queryTrans.do',
      '/oauth2/publicAppAuthorize.htm',
      '/connect/oauth2/authorize',
      '/sns/oauth2/access_token',
      '/cgi-bin/mmpayweb-bin/checkmweb',
      '/bridge.js',
      '/cashier/x',
      '/sheet/x',
      '/__sandbox/requests',
    ] as const;
    const make = (dice: Dice) => pageRequest(dice, paths);
    const { url } = rig.sandbox(wallet);
    const cases = 80 * FACTOR;
    expect((await storm({ root: url, cases, make, judge: noFailure })).wrong).toEqual([]);
  });
});

test('the phone takes no harm from strangers', async () => {
  const paths = [
    '/',
    '/pay',
    '/scan',
    '/confirm',
    '/clock',
    '/faults',
    '/api/people',
    '/api/scan',
    '/api/confirm',
    '/api/clock',
    '/api/faults',
    '/api/wallets/alipay/transactions',
    '/api/wallets/wechat_pay/balances',
    '/assets',
  ] as const;
  const make = (dice: Dice) => pageRequest(dice, paths);
  const cases = 120 * FACTOR;
  expect((await storm({ root: rig.phone.url, cases, make, judge: noFailure })).wrong).toEqual([]);
  for (const wallet of WALLETS) rig.wallets.faults[wallet].set([]);
});

test('after all that the wallets still take payments', async () => {
  const shop = await openShop(rig);
  for (const wallet of WALLETS) await paidPayment(rig, shop, { wallet, amount: 700 });
});
