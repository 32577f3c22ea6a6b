import type { Alipay } from '../books.ts';
import { newMerchantNo, newSecret } from '../numbers.ts';
import { sendMessage } from '../trade/app-messages.ts';
import type { Application, DirectSeller } from './book.ts';

/**
 * The review of an application: decided by itself after a while, or before by a developer. Passed,
 * unless the seller is called 拒 something: then it is rejected, so that this can be tried too.
 */
export const REVIEW_MS = 60_000;
const SEEDED = [
  { zh: '胡同茶庄', en: 'Hutong Tea' },
  { zh: '老街书局', en: 'Old Street Books' },
  { zh: '青瓦陶坊', en: 'Grey Tile Pottery' },
] as const;

export interface Decision {
  readonly outcome: 'passed' | 'rejected';
  readonly memo: string;
}

function newSmid(alipay: Alipay): string {
  let smid = newMerchantNo(alipay.options.random);
  while (alipay.direct.sellers.get(smid)) smid = newMerchantNo(alipay.options.random);
  return smid;
}

function pass(alipay: Alipay, application: Application): void {
  const { platform, name, alias } = application;
  const smid = application.smid ?? newSmid(alipay);
  const known = alipay.direct.sellers.get(smid);
  const fresh = application.has_card ? newSecret(alipay.options.random) : null;
  const card_alias_no = known?.card_alias_no ?? fresh;
  application.smid = smid;
  application.card_alias_no = card_alias_no;
  alipay.direct.sellers.put(smid, { smid, platform, name, alias, card_alias_no });
}

export function decide(alipay: Alipay, application: Application, decision: Decision): void {
  if (application.state !== 'reviewing') return;
  application.state = decision.outcome;
  application.memo = decision.memo;
  if (decision.outcome === 'passed') pass(alipay, application);
  alipay.direct.applications.put(application.order_id, application);
  const { app_id, order_id, external_id, smid, card_alias_no } = application;
  const content = { order_id, external_id };
  if (decision.outcome === 'passed') {
    sendMessage(alipay, {
      app_id,
      method: 'ant.merchant.expand.indirect.zft.passed',
      content: {
        ...content,
        smid,
        ...(card_alias_no !== null && { card_alias_no }),
        memo: decision.memo,
      },
    });
  } else {
    sendMessage(alipay, {
      app_id,
      method: 'ant.merchant.expand.indirect.zft.rejected',
      content: { ...content, reason: decision.memo },
    });
  }
}

/** Puts the decision on the agenda; also at the start, for what was under review. */
export function scheduleReview(alipay: Alipay, application: Application): void {
  if (application.state !== 'reviewing') return;
  alipay.agenda.add(application.decides_at, () => {
    const rejected = application.name.startsWith('拒');
    decide(alipay, application, {
      outcome: rejected ? 'rejected' : 'passed',
      memo: rejected ? '资料不符合要求，请修改后重新提交' : '符合要求，通过',
    });
  });
}

/** A platform begins with three sellers: its own number and one to three more. */
export function seedSellers(alipay: Alipay): void {
  for (const app of alipay.apps.values()) {
    if (app.role !== 'platform') continue;
    SEEDED.forEach(({ zh }, index) => {
      const smid = (BigInt(app.seller_id) + BigInt(index + 1)).toString();
      if (alipay.direct.sellers.get(smid)) return;
      const seller: DirectSeller = {
        smid,
        platform: app.seller_id,
        name: zh,
        alias: zh,
        card_alias_no: null,
      };
      alipay.direct.sellers.put(smid, seller);
    });
  }
}

/** Sellers under this platform, the seeded ones first. */
export function sellersUnder(alipay: Alipay, platform: string): readonly string[] {
  return [...alipay.direct.sellers.values()]
    .filter((seller) => seller.platform === platform)
    .map(({ smid }) => smid);
}
