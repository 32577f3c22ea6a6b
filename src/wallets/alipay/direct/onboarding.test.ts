import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../../ids.ts';
import type { Onboarding, SellerApplication } from '../../products/onboarding.ts';
import type { WalletAccount } from '../../wallet.ts';
import { type Bench, openBench } from '../testing.ts';

/** Sellers apply through the connector. */
let bench: Bench;
let onboarding: Onboarding;

beforeAll(async () => {
  bench = await openBench();
  if (!bench.wallet.onboarding) throw new Error('no onboarding');
  onboarding = bench.wallet.onboarding;
  const gateway = bench.world.sandbox.actions.find(({ name }) => name === 'gateway/set');
  const { settings } = bench.accountOf('platform');
  await gateway?.run({ app_id: settings['app_id'], url: bench.merchant.url });
});

afterAll(() => bench.stop());

function application(changes: Partial<SellerApplication> = {}): SellerApplication {
  return {
    application_reference: newWalletReference(0),
    kind: 'micro',
    name: '青瓦茶馆',
    short_name: '茶馆',
    legal_person: {
      name: '王五',
      id_number: '110101199001011234',
      id_valid_until: '2035-01-01',
    },
    contact: { name: '王五', mobile: '13800000000' },
    bank_account: { kind: 'personal', bank: 'ICBC', holder: '王五', number: '6222000000000000' },
    store: { name: '茶馆' },
    category: '5812',
    pictures: {},
    ...changes,
  };
}

const picture = {
  name: 'licence.png',
  content_type: 'image/png',
  bytes: Buffer.from('89504e470d0a1a0a', 'hex'),
} as const;

describe.each(['gateway', 'v3'] as const)('by %s', (protocol) => {
  let platform: WalletAccount;

  beforeAll(() => {
    platform = bench.accountOf('platform', { settings: { protocol } });
  });

  test('a seller applies, is reviewed and gets a number that can be paid to', async () => {
    const uploaded = await onboarding.upload?.(platform, picture);
    if (uploaded?.kind !== 'uploaded') throw new Error(uploaded?.kind);
    const wanted = application({
      kind: 'enterprise',
      license_number: '91110000100000000X',
      pictures: { cert_image: uploaded.picture, in_door_images: uploaded.picture },
    });
    for (let copy = 0; copy < 2; copy += 1) {
      expect(await onboarding.submit(platform, wanted)).toMatchObject({
        kind: 'fact',
        fact: { state: 'reviewing', application_reference: wanted.application_reference },
      });
    }
    const asked = () => onboarding.query(platform, wanted.application_reference);
    const reviewing = await asked();
    expect(reviewing).toMatchObject({ kind: 'fact', fact: { state: 'reviewing' } });
    expect(reviewing.kind === 'fact' && reviewing.fact).not.toHaveProperty('sub_merchant');
    bench.world.clock.advance(60_000);
    const finished = await asked();
    expect(finished).toMatchObject({ kind: 'fact', fact: { state: 'finished' } });
    const sub_merchant = finished.kind === 'fact' ? finished.fact.sub_merchant : undefined;
    expect(sub_merchant).toMatch(/^2088\d{12}$/);
    await bench.renew();
    const created = await bench.wallet.createPayment(
      platform,
      bench.order({ sub_merchant: sub_merchant ?? '', hold: true }),
    );
    expect(created).toMatchObject({ kind: 'presented', presentation: { kind: 'qr' } });
  });

  test('a rejected seller learns why', async () => {
    const wanted = application({ name: '拒绝茶馆' });
    await onboarding.submit(platform, wanted);
    bench.world.clock.advance(60_000);
    const rejected = await onboarding.query(platform, wanted.application_reference);
    expect(rejected).toMatchObject({ kind: 'fact', fact: { state: 'rejected' } });
    const reasons = rejected.kind === 'fact' ? rejected.fact.reasons : [];
    expect(reasons?.[0]).toMatchObject({ field: 'reason' });
  });

  test('what is missing is refused, what is unknown is not found', async () => {
    const wrong = await onboarding.submit(platform, application({ category: 'tea' }));
    expect(wrong).toMatchObject({ kind: 'refused', code: 'invalid_request' });
    const none = await onboarding.query(platform, newWalletReference(0));
    expect(none.kind).toBe('not_found');
    const pdf = { ...picture, content_type: 'application/pdf' };
    expect(await onboarding.upload?.(platform, pdf)).toMatchObject({ code: 'invalid_request' });
  });

  test('nothing of a person is in the trace', async () => {
    const { trace } = await onboarding.submit(platform, application());
    const shown = JSON.stringify(trace);
    for (const secret of ['110101199001011234', '13800000000', '6222000000000000', '王五']) {
      expect(shown).not.toContain(secret);
    }
  });
});

test('only platforms have the product', async () => {
  const refused = await onboarding.submit(bench.account, application());
  expect(refused).toMatchObject({ kind: 'refused', code: 'not_permitted' });
});

test('the wallet’s message tells the decision', async () => {
  const platform = bench.accountOf('platform');
  const wanted = application();
  await onboarding.submit(platform, wanted);
  bench.world.clock.advance(60_000);
  for (let count = 1; ; count += 1) {
    const { headers, body } = (await bench.merchant.hears(count))[count - 1] ?? {
      headers: {},
      body: Buffer.alloc(0),
    };
    const raw = {
      headers: { ...headers } as Record<string, string>,
      body,
      received_at: new Date(),
    };
    const told = await bench.wallet.verifyNotification(platform, raw);
    if (told.kind !== 'verified' || told.content.about !== 'onboarding') continue;
    if (told.content.fact.application_reference !== wanted.application_reference) continue;
    expect(told.content.fact).toMatchObject({ state: 'finished' });
    expect(told.content.fact.sub_merchant).toMatch(/^2088\d{12}$/);
    break;
  }
});
