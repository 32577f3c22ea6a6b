import type { WalletName } from '../../src/wallets/wallet.ts';
import type { PictureName } from './pictures.tsx';

/**
 * Four demo marketplaces, each of which once took the wallet of its own house only. They have
 * names, words and colours, and no logos; goods and prices are made up.
 */
export const SHOP_SLUGS = ['taobao', 'taobao_special', 'tmall', 'jd'] as const;
export type ShopSlug = (typeof SHOP_SLUGS)[number];

export interface Text {
  readonly zh: string;
  readonly en: string;
}

export interface Product {
  readonly id: string;
  readonly name: Text;
  readonly about: Text;
  /** Fen. */
  readonly price: bigint;
  readonly picture: PictureName;
}

export interface ShopDesign {
  readonly slug: ShopSlug;
  readonly name: Text;
  readonly motto: Text;
  /** The only wallet it took before. */
  readonly house_wallet: WalletName;
  readonly order_prefix: string;
  readonly products: readonly Product[];
}

export const SHOPS: readonly ShopDesign[] = [
  {
    slug: 'taobao',
    name: { zh: '淘宝演示店', en: 'Taobao demo' },
    motto: { zh: '街坊手艺人的小摊', en: 'Stalls of local makers' },
    house_wallet: 'alipay',
    order_prefix: 'TB',
    products: [
      {
        id: 'mug',
        name: { zh: '手拉坯陶杯', en: 'Hand-thrown mug' },
        about: { zh: '灰釉，320 毫升', en: 'Ash glaze, 320 ml' },
        price: 6_800n,
        picture: 'mug',
      },
      {
        id: 'lamp',
        name: { zh: '竹编台灯', en: 'Woven bamboo lamp' },
        about: { zh: '暖光，可调亮度', en: 'Warm light, with a dimmer' },
        price: 12_850n,
        picture: 'lamp',
      },
      {
        id: 'letters',
        name: { zh: '宣纸信笺', en: 'Rice-paper letter set' },
        about: { zh: '五十张，附信封', en: 'Fifty sheets with envelopes' },
        price: 3_650n,
        picture: 'letters',
      },
      {
        id: 'sticker',
        name: { zh: '门神贴纸', en: 'Door-god sticker' },
        about: { zh: '一对，巴掌大', en: 'One pair, palm-sized' },
        price: 90n,
        picture: 'sticker',
      },
    ],
  },
  {
    slug: 'taobao_special',
    name: { zh: '淘宝特价版演示店', en: 'Taobao Special Edition demo' },
    motto: { zh: '工厂直发，便宜好用', en: 'Straight from the works, and cheap' },
    house_wallet: 'alipay',
    order_prefix: 'TS',
    products: [
      {
        id: 'towels',
        name: { zh: '纯棉毛巾三条装', en: 'Three cotton towels' },
        about: { zh: '厂家尾单', en: 'End of a production run' },
        price: 990n,
        picture: 'towels',
      },
      {
        id: 'umbrella',
        name: { zh: '折叠雨伞', en: 'Folding umbrella' },
        about: { zh: '八骨，晴雨两用', en: 'Eight ribs, for sun and rain' },
        price: 1_990n,
        picture: 'umbrella',
      },
      {
        id: 'slippers',
        name: { zh: '居家拖鞋', en: 'House slippers' },
        about: { zh: '防滑软底', en: 'Soft soles that grip' },
        price: 1_250n,
        picture: 'slippers',
      },
    ],
  },
  {
    slug: 'tmall',
    name: { zh: '天猫演示店', en: 'Tmall demo' },
    motto: { zh: '品牌官方旗舰', en: 'Counters of well-known brands' },
    house_wallet: 'alipay',
    order_prefix: 'TM',
    products: [
      {
        id: 'cooker',
        name: { zh: '柴火饭电饭煲', en: 'Clay-pot rice cooker' },
        about: { zh: '四升，二十四小时预约', en: 'Four litres, 24-hour timer' },
        price: 39_900n,
        picture: 'cooker',
      },
      {
        id: 'quilt',
        name: { zh: '桑蚕丝被', en: 'Mulberry-silk quilt' },
        about: { zh: '二米乘二米三', en: '200 × 230 cm' },
        price: 89_900n,
        picture: 'quilt',
      },
      {
        id: 'cream',
        name: { zh: '桂花护手霜', en: 'Osmanthus hand cream' },
        about: { zh: '三支装', en: 'Three tubes' },
        price: 5_900n,
        picture: 'cream',
      },
    ],
  },
  {
    slug: 'jd',
    name: { zh: '京东演示店', en: 'JD demo' },
    motto: { zh: '自营数码，当日送达', en: 'Electronics, delivered today' },
    house_wallet: 'wechat_pay',
    order_prefix: 'JD',
    products: [
      {
        id: 'headphones',
        name: { zh: '降噪耳机', en: 'Quiet headphones' },
        about: { zh: '头戴式，四十小时续航', en: 'Over-ear, forty hours a charge' },
        price: 29_900n,
        picture: 'headphones',
      },
      {
        id: 'charger',
        name: { zh: '氮化镓充电器', en: 'Small fast charger' },
        about: { zh: '65 瓦，三个接口', en: '65 W, three ports' },
        price: 7_900n,
        picture: 'charger',
      },
      {
        id: 'camera',
        name: { zh: '胶片傻瓜相机', en: 'Point-and-shoot film camera' },
        about: { zh: '含一卷胶卷', en: 'With one roll of film' },
        price: 19_900n,
        picture: 'camera',
      },
    ],
  },
];

export function isShopSlug(text: string): text is ShopSlug {
  return SHOP_SLUGS.some((slug) => slug === text);
}

export function designOf(slug: ShopSlug): ShopDesign {
  const found = SHOPS.find((shop) => shop.slug === slug);
  if (!found) throw new Error(`no shop ${slug}`);
  return found;
}
