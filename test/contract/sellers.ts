import { describe, expect, test } from 'vitest';
import { newWalletReference } from '../../src/ids.ts';
import type {
  Onboarding,
  OnboardingFact,
  SellerApplication,
} from '../../src/wallets/products/onboarding.ts';
import { until } from './merchant.ts';
import { type At, presented, sandboxOf } from './payments.ts';
import { forSeller, type Merchant, merchantAs, paidTo, refundFor } from './roles.ts';
import type { Stage } from './stage.ts';

/** Orders for sellers under a partner or a platform, and how a seller gets there. */
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

/** Alipay’s answers do not say which seller an order was for; its bills do. */
const sellerNamed = ({ wallet }: Stage, sub_merchant: string | undefined) =>
  wallet.name === 'alipay' ? {} : { sub_merchant };

export function sellerContract(at: At, role: string): void {
  describe(`as ${role}`, () => {
    const scene = () => {
      const stage = at();
      return { stage, wallet: stage.wallet, merchant: merchantAs(stage, role) };
    };

    test('an order for a seller is paid to that seller, and every fact says so', async () => {
      const { stage, wallet, merchant } = scene();
      const { fact, order } = await paidTo(stage, merchant);
      const [sub_merchant] = merchant.sellers;
      const named = sellerNamed(stage, sub_merchant);
      expect(fact).toMatchObject({
        state: 'paid',
        amount: order.amount,
        ...named,
        wallet_merchant: wallet.merchantNumber(merchant.account),
      });
      const own = { ...stage, account: merchant.account };
      const raw = await stage.merchant.notificationOf(own, order.wallet_reference);
      expect(await wallet.verifyNotification(merchant.account, raw)).toMatchObject({
        kind: 'verified',
        content: { about: 'payment', fact: { state: 'paid', amount: order.amount, ...named } },
      });
      const { wallet_reference } = order;
      const closed = await wallet.closePayment(merchant.account, wallet_reference, sub_merchant);
      expect(closed.kind).toBe('already_paid');
    });

    test('a seller’s order is refunded in parts, asked for, and never above its total', async () => {
      const { stage, wallet, merchant } = scene();
      const paid = await paidTo(stage, merchant);
      for (const amount of [2_500n, 7_500n]) {
        const refund = refundFor(paid, amount);
        expect((await wallet.refund(merchant.account, refund)).kind).toBe('fact');
        const fact = await until('the refund', async () => {
          const asked = await wallet.queryRefund(merchant.account, refund);
          return asked.kind === 'fact' && asked.fact.state !== 'pending' ? asked.fact : undefined;
        });
        expect(fact).toMatchObject({ state: 'succeeded', amount });
      }
      const more = await wallet.refund(merchant.account, refundFor(paid, 1n));
      expect(more.kind).toBe('refused');
    });

    test('an open one is closed, and then nobody pays it', async () => {
      const { stage, wallet, merchant } = scene();
      const order = stage.order({ ...forSeller(merchant, 1) });
      const data = await presented({ ...stage, account: merchant.account }, order);
      const { wallet_reference, sub_merchant } = order;
      const closed = await wallet.closePayment(merchant.account, wallet_reference, sub_merchant);
      // A wallet that knows no trade before the scan promises nothing by this answer.
      if (closed.kind === 'not_found') return;
      expect(closed.kind).toBe('closed');
      await expect(sandboxOf(stage).pay(data)).rejects.toThrow();
    });

    test('another merchant neither sees it nor refunds it', async () => {
      const { stage, wallet, merchant } = scene();
      const paid = await paidTo(stage, merchant);
      const asked = await wallet.queryPayment(stage.account, paid.order.wallet_reference);
      expect(asked.kind).toBe('not_found');
      const { sub_merchant: _, ...refund } = refundFor(paid, 1n);
      expect((await wallet.refund(stage.account, refund)).kind).toBe('refused');
    });

    test('a seller that is not under it, or none, gets no order', async () => {
      const { stage, wallet, merchant } = scene();
      const foreign = stage.order({ sub_merchant: wallet.merchantNumber(stage.account) });
      expect((await wallet.createPayment(merchant.account, foreign)).kind).toBe('refused');
    });
  });
}

function onboardingOf({ wallet }: Stage): Onboarding {
  if (!wallet.onboarding) throw new Error(`${wallet.name} takes no applications`);
  return wallet.onboarding;
}

/** A company's application, in the words of this wallet where it has its own. */
async function application(stage: Stage, { account }: Merchant): Promise<SellerApplication> {
  const onboarding = onboardingOf(stage);
  const { recorder } = sandboxOf(stage);
  const file = { name: 'licence.png', content_type: 'image/png', bytes: PNG };
  const uploaded = await onboarding.upload?.(account, file);
  if (uploaded?.kind !== 'uploaded') throw new Error(JSON.stringify(uploaded));
  const { picture } = uploaded;
  const wechat = stage.wallet.name === 'wechat_pay';
  const names = wechat
    ? ['business_license_copy', 'license_copy', 'id_card_copy', 'id_card_national']
    : ['cert_image', 'in_door_images'];
  return {
    application_reference: `A${newWalletReference(0)}`,
    kind: 'enterprise',
    name: '胡同茶业有限公司',
    short_name: '胡同茶',
    license_number: '91440300708461136T',
    legal_person: {
      name: recorder.private('name', '林小禾'),
      id_number: recorder.private('id number', '11010519491231002X'),
      id_valid_until: wechat ? '长期' : '2035-01-01',
    },
    contact: {
      name: '林小禾',
      mobile: recorder.private('mobile', '13800138000'),
      email: recorder.private('mail', 'lin@example.com'),
    },
    bank_account: {
      kind: 'corporate',
      bank: wechat ? '招商银行' : 'CMB',
      holder: '胡同茶业有限公司',
      number: recorder.private('bank account', '6214830123456789'),
      city_code: '110000',
    },
    store: { name: '胡同茶铺', url: 'https://tea.example.com' },
    category: wechat ? '716:零售' : '5812',
    pictures: Object.fromEntries(names.map((name) => [name, picture])),
  };
}

/** What the wallet’s reviewers do, by the sandbox's own actions. */
async function decide(stage: Stage, fact: OnboardingFact, passed: boolean): Promise<void> {
  const { side } = sandboxOf(stage);
  const id = fact.wallet_application_id ?? '';
  if (stage.wallet.name === 'alipay') {
    const outcome = passed ? 'passed' : 'rejected';
    await act(side, 'applications/decide', { order_id: id, outcome, memo: '资料不符' });
    return;
  }
  const reasons = [{ field: 'id_card_copy', message: '资料不符' }];
  if (!passed) {
    await act(side, 'applyments/decide', { applyment_id: id, decision: 'reject', reasons });
    return;
  }
  for (const decision of ['approve', 'sign']) {
    await act(side, 'applyments/decide', { applyment_id: id, decision });
  }
}

export async function act(
  side: ReturnType<typeof sandboxOf>['side'],
  name: string,
  input: object,
): Promise<object> {
  const action = side.actions.find((each) => each.name === name);
  if (!action) throw new Error(`${side.wallet} has no action ${name}`);
  return action.run(input);
}

export function onboardingContract(at: At, role: string): void {
  describe(`as ${role}`, () => {
    const apply = async () => {
      const stage = at();
      const merchant = merchantAs(stage, role);
      const onboarding = onboardingOf(stage);
      const wanted = await application(stage, merchant);
      const submit = () => onboarding.submit(merchant.account, wanted);
      const asked = async (): Promise<OnboardingFact> => {
        const outcome = await onboarding.query(merchant.account, wanted.application_reference);
        if (outcome.kind !== 'fact') throw new Error(JSON.stringify(outcome));
        return outcome.fact;
      };
      const submitted = await submit();
      expect(submitted).toMatchObject({ kind: 'fact', fact: { state: 'reviewing' } });
      return { stage, merchant, onboarding, submit, asked };
    };

    test('a seller applies once, is decided, and is paid under its new number', async () => {
      const { stage, merchant, submit, asked } = await apply();
      const first = await asked();
      await submit();
      expect((await asked()).wallet_application_id).toBe(first.wallet_application_id);
      expect(first.sub_merchant).toBeUndefined();
      await decide(stage, first, true);
      const seller = await until('the seller’s number', async () => {
        sandboxOf(stage).advance(60_000);
        const { state, sub_merchant } = await asked();
        return state === 'finished' ? sub_merchant : undefined;
      });
      const paid = await paidTo(stage, { ...merchant, sellers: [seller] });
      expect(paid.fact).toMatchObject({ state: 'paid', ...sellerNamed(stage, seller) });
      expect(sandboxOf(stage).accountOf(role)?.sub_merchants).toContain(seller);
    });

    test('a rejected one says why and has no number', async () => {
      const { stage, asked } = await apply();
      await decide(stage, await asked(), false);
      const fact = await asked();
      expect(fact).toMatchObject({
        state: 'rejected',
        reasons: expect.arrayContaining([
          expect.objectContaining({ field: expect.any(String), message: '资料不符' }),
        ]),
      });
      expect(fact.sub_merchant).toBeUndefined();
    });

    test('one that nobody made is not found, one without its licence is refused', async () => {
      const { merchant, onboarding, stage } = await apply();
      const none = await onboarding.query(merchant.account, newWalletReference(0));
      expect(none.kind).toBe('not_found');
      const { license_number: _, ...lacking } = await application(stage, merchant);
      expect((await onboarding.submit(merchant.account, lacking)).kind).toBe('refused');
    });
  });
}
