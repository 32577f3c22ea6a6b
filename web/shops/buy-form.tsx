import type { Product, ShopDesign } from './shops.ts';

/** `cart` makes pressing the button twice one order. */
export function BuyForm(props: { shop: ShopDesign; product: Product; cart: string; text: string }) {
  return (
    <form method="post" action={`/${props.shop.slug}/orders`}>
      <input type="hidden" name="product" value={props.product.id} />
      <input type="hidden" name="cart" value={props.cart} />
      <button type="submit" class="button wide">
        {props.text}
      </button>
    </form>
  );
}
