import { newWalletReference } from '../../src/ids.ts';
import type { SplitReceiver } from '../../src/wallets/products/splits.ts';
import type {
  CreateOrder,
  PaymentFact,
  RefundOrder,
  WalletAccount,
  WalletName,
} from '../../src/wallets/wallet.ts';
import { presented, sandboxOf } from './payments.ts';
import type { Stage } from './stage.ts';

/** Kinds of merchants at the wallets, and what each may do there. */
export interface Merchant {
  readonly role: string;
  readonly account: WalletAccount;
  /** Sellers under it; none where it sells itself. */
  readonly sellers: readonly string[];
}

/** Who may split, and to which other merchant: its role and its registered name. */
export const SPLITTERS: Readonly<
  Partial<Record<WalletName, Readonly<Record<string, { to: string; name: string }>>>>
> = {
  wechat_pay: {
    direct: { to: 'partner', name: '胡同服务商' },
    partner: { to: 'direct', name: '胡同集市' },
    platform: { to: 'direct', name: '胡同集市' },
  },
  alipay: {
    key: { to: 'certificate', name: '胡同书店' },
    certificate: { to: 'key', name: '胡同集市' },
    platform: { to: 'key', name: '胡同集市' },
  },
};

/** Who has sellers under it. */
export const WITH_SELLERS: Readonly<Partial<Record<WalletName, readonly string[]>>> = {
  wechat_pay: ['partner', 'platform'],
  alipay: ['platform'],
};

/** Where the payer's side and the merchant's may differ. */
export const WITH_COUPONS: readonly WalletName[] = ['wechat_pay', 'alipay'];

export function merchantAs(stage: Stage, role: string): Merchant {
  const found = sandboxOf(stage).accountOf(role);
  if (!found) throw new Error(`${stage.wallet.name} has no ${role}`);
  const sells = !WITH_SELLERS[stage.wallet.name]?.includes(role);
  return { role, account: found.account, sellers: sells ? [] : found.sub_merchants };
}

export function receiverFor(stage: Stage, role: string): SplitReceiver {
  const way = SPLITTERS[stage.wallet.name]?.[role];
  if (!way) throw new Error(`${stage.wallet.name} does not split as ${role}`);
  const account = stage.wallet.merchantNumber(merchantAs(stage, way.to).account);
  return { kind: 'merchant', account, name: way.name };
}

/** The seller's name in an order, where the merchant does not sell itself. */
export function forSeller({ sellers }: Merchant, nth = 0): { readonly sub_merchant?: string } {
  const seller = sellers[nth];
  return seller === undefined ? {} : { sub_merchant: seller };
}

export interface Paid {
  readonly order: CreateOrder;
  readonly fact: PaymentFact;
  /** What names the payment in calls about it. */
  readonly payment: {
    readonly wallet_reference: string;
    readonly wallet_transaction_id: string;
    readonly sub_merchant?: string;
  };
}

/** An order of this merchant, or of its first seller, paid by code. */
export async function paidTo(
  stage: Stage,
  merchant: Merchant,
  more: Partial<CreateOrder> = {},
): Promise<Paid> {
  const order = stage.order({ amount: 10_000n, ...forSeller(merchant), ...more });
  await sandboxOf(stage).pay(await presented({ ...stage, account: merchant.account }, order));
  const { wallet_reference, sub_merchant } = order;
  const asked = await stage.wallet.queryPayment(merchant.account, wallet_reference, sub_merchant);
  if (asked.kind !== 'fact') throw new Error(`the query gave ${JSON.stringify(asked)}`);
  const { fact } = asked;
  const { wallet_transaction_id = '' } = fact;
  const seller = sub_merchant === undefined ? {} : { sub_merchant };
  return { order, fact, payment: { wallet_reference, wallet_transaction_id, ...seller } };
}

export function refundFor({ order, payment }: Paid, amount: bigint): RefundOrder {
  return {
    ...payment,
    refund_reference: newWalletReference(0),
    amount,
    payment_amount: order.amount,
    currency: 'CNY',
    reason: '少件',
    notify_url: order.notify_url,
  };
}
