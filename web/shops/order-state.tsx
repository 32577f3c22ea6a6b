import { isWalletName } from '../../src/wallets/registry.ts';
import { yuanText } from '../design/amount.tsx';
import type { Language, Say } from '../design/language.ts';
import { WalletPill } from '../design/marks.tsx';
import { walletName } from '../design/wallet-names.ts';
import { refundedAmount, type ShopOrder, stateOf } from './orders.ts';
import type { Product, ShopDesign } from './shops.ts';
import { type ShopKey, stateKey } from './words.ts';

export function productOf(shop: ShopDesign, order: ShopOrder): Product | undefined {
  return shop.products.find(({ id }) => id === order.product);
}

interface OrderStateProps {
  readonly order: ShopOrder;
  readonly language: Language;
  readonly say: Say<ShopKey>;
}

/** The badge of the wallet that paid, and what became of the money since. */
export function OrderState({ order, language, say }: OrderStateProps) {
  const state = stateOf(order);
  const known = { refunded: yuan(refundedAmount(order)), amount: yuan(order.amount) };
  const paid = state !== 'unpaid' && state !== 'closed';
  return (
    <span class="order-state">
      {paid && order.wallet !== null && isWalletName(order.wallet) ? (
        <WalletPill
          wallet={order.wallet}
          text={say('paid_with', { wallet: walletName(order.wallet, language) })}
        />
      ) : null}
      {state === 'paid' ? null : (
        <span class={`state ${state}`}>{say(stateKey(state), known)}</span>
      )}
    </span>
  );
}

/** `amount` is fen. */
export function yuan(amount: number): string {
  return yuanText(BigInt(amount));
}
