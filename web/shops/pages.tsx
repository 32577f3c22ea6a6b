import { Amount, yuanText } from '../design/amount.tsx';
import { type Language, sayer } from '../design/language.ts';
import { walletName } from '../design/wallet-names.ts';
import { BuyForm } from './buy-form.tsx';
import { ShopFrame } from './frame.tsx';
import { OrderState, productOf } from './order-state.tsx';
import type { ShopOrder } from './orders.ts';
import { Picture } from './pictures.tsx';
import type { ShopDesign } from './shops.ts';
import { SHOP_WORDS } from './words.ts';

export interface ShopProps {
  readonly language: Language;
  readonly shop: ShopDesign;
}

export function GoodsPage(props: ShopProps & { cart: () => string }) {
  const { language, shop } = props;
  const say = sayer(SHOP_WORDS, language);
  return (
    <ShopFrame language={language} shop={shop} path={`/${shop.slug}`} title={say('goods')}>
      <div class="shop-intro">
        <h1>{shop.motto[language]}</h1>
        <p class="quiet">{say('before', { wallet: walletName(shop.house_wallet, language) })}</p>
      </div>
      <ul class="goods">
        {shop.products.map((product) => (
          <li class="good">
            <Picture name={product.picture} />
            <h2>{product.name[language]}</h2>
            <p class="quiet small">{product.about[language]}</p>
            <BuyForm
              shop={shop}
              product={product}
              cart={props.cart()}
              text={say('buy', { amount: yuanText(product.price) })}
            />
          </li>
        ))}
      </ul>
    </ShopFrame>
  );
}

export function OrdersPage(props: ShopProps & { orders: readonly ShopOrder[] }) {
  const { language, shop, orders } = props;
  const say = sayer(SHOP_WORDS, language);
  return (
    <ShopFrame language={language} shop={shop} path={`/${shop.slug}/orders`} title={say('orders')}>
      <h1>{say('orders')}</h1>
      {orders.length === 0 ? (
        <p class="quiet">
          {say('no_orders')} <a href={`/${shop.slug}`}>{say('back')}</a>
        </p>
      ) : (
        <ul class="orders">
          {orders.map((order) => (
            <li class="sheet">
              <a href={`/${shop.slug}/orders/${order.reference}`}>
                <span class="order-what">
                  <span>{productOf(shop, order)?.name[language] ?? order.product}</span>
                  <span class="quiet small reference">{order.reference}</span>
                </span>
                <OrderState order={order} language={language} say={say} />
                <Amount amount={BigInt(order.amount)} />
              </a>
            </li>
          ))}
        </ul>
      )}
    </ShopFrame>
  );
}

export function MissingPage({ language, shop }: ShopProps) {
  const say = sayer(SHOP_WORDS, language);
  return (
    <ShopFrame language={language} shop={shop} path={`/${shop.slug}`} title={say('missing_title')}>
      <h1>{say('missing_title')}</h1>
      <p>
        <a href={`/${shop.slug}`}>{say('back')}</a>
      </p>
    </ShopFrame>
  );
}
