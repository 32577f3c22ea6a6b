import { shanghaiTime } from '../../src/clock.ts';
import { isWalletName } from '../../src/wallets/registry.ts';
import { Amount } from '../design/amount.tsx';
import { type Say, sayer } from '../design/language.ts';
import { walletName } from '../design/wallet-names.ts';
import { BuyForm } from './buy-form.tsx';
import { ShopFrame } from './frame.tsx';
import { OrderState, productOf, yuan } from './order-state.tsx';
import { refundableAmount, type ShopOrder, stateOf } from './orders.ts';
import type { ShopProps } from './pages.tsx';
import { Picture } from './pictures.tsx';
import type { Product } from './shops.ts';
import { SHOP_WORDS, type ShopKey } from './words.ts';

const REFRESH_S = 4;

/** `trouble` tells of the last thing that did not work. */
export function OrderPage(
  props: ShopProps & { order: ShopOrder; trouble: string | null; cart: string },
) {
  const { language, shop, order } = props;
  const say = sayer(SHOP_WORDS, language);
  const product = productOf(shop, order);
  const path = `/${shop.slug}/orders/${order.reference}`;
  const moving = stateOf(order) === 'unpaid' || order.refunds.some(isMoving);
  return (
    <ShopFrame
      language={language}
      shop={shop}
      path={path}
      title={say('order_title', { reference: order.reference })}
      scripts={moving ? ['order.js'] : []}
      {...(moving ? { refresh_s: REFRESH_S } : {})}
    >
      <div class="sheet order" data-order={path} data-stamp={orderStamp(order)}>
        {props.trouble === null ? null : (
          <p class="notice bad" role="alert">
            {props.trouble}
          </p>
        )}
        <div class="order-head">
          {product ? <Picture name={product.picture} /> : null}
          <div>
            <h1>{product?.name[language] ?? order.product}</h1>
            <p class="quiet small reference">
              {say('order_title', { reference: order.reference })}
            </p>
            <p class="quiet small">
              {say('bought', {
                time: shanghaiTime(new Date(order.created_at)).slice(0, 16).replace('T', ' '),
              })}
            </p>
          </div>
        </div>
        <dl class="order-facts">
          <dt>{say('amount')}</dt>
          <dd>
            <Amount amount={BigInt(order.amount)} size="large" />
          </dd>
          <dt>{say('state')}</dt>
          <dd role="status">
            <OrderState order={order} language={language} say={say} />
          </dd>
        </dl>
        <Next {...props} say={say} path={path} product={product} />
      </div>
    </ShopFrame>
  );
}

function isMoving(refund: ShopOrder['refunds'][number]): boolean {
  return ['created', 'pending', 'unknown'].includes(refund.state);
}

/** Changes whenever the order page would look different. */
export function orderStamp(order: ShopOrder): string {
  const refunds = order.refunds.map(({ reference, state }) => `${reference}:${state}`);
  return [stateOf(order), order.wallet ?? '', ...refunds].join(' ');
}

/** What the buyer can do next, in each state one thing. */
function Next(
  props: ShopProps & {
    order: ShopOrder;
    say: Say<ShopKey>;
    path: string;
    product: Product | undefined;
    cart: string;
  },
) {
  const { order, say, path, language } = props;
  const state = stateOf(order);
  if (state === 'unpaid') return <PayNext order={order} say={say} path={path} />;
  if (state === 'closed') {
    return (
      <div class="next">
        <p class="quiet">{say('closed_next')}</p>
        {props.product ? (
          <BuyForm
            shop={props.shop}
            product={props.product}
            cart={props.cart}
            text={say('again')}
          />
        ) : null}
      </div>
    );
  }
  const left = refundableAmount(order);
  const named = order.wallet ?? '';
  const wallet = isWalletName(named) ? walletName(named, language) : named;
  return (
    <div class="next">
      <p class="quiet">{say(left > 0 ? 'paid_next' : 'refunded_next', { wallet })}</p>
      <RefundLines order={order} say={say} />
      {left > 0 ? (
        <form method="post" action={`${path}/refunds`}>
          <button type="submit" class="button plain wide">
            {say('refund', { amount: yuan(left) })}
          </button>
          <p class="quiet small">{say('refund_next')}</p>
        </form>
      ) : null}
    </div>
  );
}

function PayNext({ order, say, path }: { order: ShopOrder; say: Say<ShopKey>; path: string }) {
  if (!order.checkout_url) {
    return (
      <form class="next" method="post" action={`${path}/pay`}>
        <p class="quiet">{say('hub_down')}</p>
        <button type="submit" class="button wide">
          {say('try_again')}
        </button>
      </form>
    );
  }
  return (
    <div class="next">
      <a class="button wide" href={order.checkout_url}>
        {say('choose')}
      </a>
      <p class="quiet small">{say('choose_next')}</p>
    </div>
  );
}

function RefundLines({ order, say }: { order: ShopOrder; say: Say<ShopKey> }) {
  return (
    <>
      {order.refunds.map((refund) => {
        const known = { amount: yuan(refund.amount) };
        if (isMoving(refund)) return <p class="notice">{say('refunding', known)}</p>;
        if (refund.state === 'refused') {
          return <p class="notice bad">{say('refund_refused', known)}</p>;
        }
        return refund.state === 'needs_action' ? (
          <p class="notice bad">{say('refund_needs_action', known)}</p>
        ) : null;
      })}
    </>
  );
}
