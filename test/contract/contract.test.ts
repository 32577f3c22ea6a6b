import { afterAll, beforeAll, describe } from 'vitest';
import { allConnectors } from '../../src/wallets/connectors.ts';
import { payoutConsentContract } from './consents.ts';
import { couponContract } from './coupons.ts';
import { discretionContract } from './discretion.ts';
import { notificationContract } from './notifications.ts';
import { paymentContract } from './payments.ts';
import { productContract } from './products.ts';
import { refundContract } from './refunds.ts';
import { SPLITTERS, WITH_COUPONS, WITH_SELLERS } from './roles.ts';
import { onboardingContract, sellerContract } from './sellers.ts';
import { splitContract } from './splits.ts';
import { type Stage, type Stages, sandboxStages } from './stage.ts';
import { toldPayoutContract, toldSplitContract } from './told.ts';
import { unpaidContract } from './unpaid.ts';

/** The one suite for all wallets, each against its own sandbox over sockets. */
let stages: Stages;

beforeAll(async () => {
  stages = await sandboxStages();
});
afterAll(() => stages.stop());

const connectors = allConnectors({ real: () => new Date(), timeout_ms: 1_000 });
for (const connector of connectors) connector.stop();

describe.each(connectors)('$name', (connector) => {
  const { name, capabilities } = connector;
  const at = (): Stage => {
    const stage = stages.of.get(name);
    if (!stage) throw new Error(`no stage for ${name}`);
    return stage;
  };
  describe('without a payer', () => unpaidContract(at));
  describe('payments', () => paymentContract(at, capabilities.presentations));
  describe('refunds', () => refundContract(at));
  describe('notifications', () => notificationContract(at));
  productContract(at, (product) => connector[product] !== undefined);
  for (const role of Object.keys(SPLITTERS[name] ?? {})) {
    describe('splits', () => splitContract(at, role));
    describe('notifications of splits', () => toldSplitContract(at, role));
  }
  for (const role of WITH_SELLERS[name] ?? []) {
    describe('orders for sellers', () => sellerContract(at, role));
    describe('onboarding', () => onboardingContract(at, role));
  }
  if (connector.payouts) {
    describe('notifications of payouts', () => toldPayoutContract(at, 'certificate'));
  }
  if (connector.payouts?.consents) {
    describe('standing consents', () => payoutConsentContract(at));
  }
  if (WITH_COUPONS.includes(name)) describe('coupons', () => couponContract(at));
  describe('in all of this', () => discretionContract(at));
});
