import { z } from 'zod';
import { ActionRefusal, type SandboxAction, sandboxAction } from '../../admin/actions.ts';
import type { Alipay } from '../books.ts';
import { newSecret } from '../numbers.ts';
import { decideRefund } from '../refunds/money.ts';

/** What a developer may do to payments beyond the API. */
function giveCoupon(alipay: Alipay): SandboxAction {
  return sandboxAction({
    name: 'coupons/give',
    summary: 'Gives a person a coupon, used with the next payment that is large enough.',
    input: z.strictObject({
      person: z.string().max(64),
      amount: z.int().min(1).max(1_000_000),
      funder: z.enum(['wallet', 'merchant', 'other']).default('wallet'),
      min_amount: z.int().min(0).default(0),
      /** Good at this merchant only. */
      seller_id: z.string().max(32).optional(),
      name: z.string().min(1).max(64).default('优惠券'),
    }),
    run: async ({ person, amount, funder, min_amount, seller_id, name }) => {
      if (!alipay.buyers.has(person)) throw new ActionRefusal(404, `no person ${person}`);
      const id = newSecret(alipay.options.random);
      alipay.coupons.put(id, {
        id,
        person,
        name,
        funder,
        amount: BigInt(amount),
        min_amount: BigInt(min_amount),
        seller_id: seller_id ?? null,
      });
      await alipay.options.store.committed();
      return { coupon: id, person, amount };
    },
  });
}

function decide(alipay: Alipay): SandboxAction {
  return sandboxAction({
    name: 'refunds/decide',
    summary: 'Ends a refund that has not arrived: it goes to the buyer’s balance, or it fails.',
    input: z.strictObject({
      trade_no: z.string().max(64),
      out_request_no: z.string().max(64),
      outcome: z.enum(['success', 'fail']),
    }),
    run: async ({ trade_no, out_request_no, outcome }) => {
      const trade = alipay.by_trade_no.get(trade_no);
      if (!trade) throw new ActionRefusal(404, `no trade ${trade_no}`);
      const refund = trade.refunds.find((known) => known.out_request_no === out_request_no);
      if (!refund) throw new ActionRefusal(404, `no refund ${out_request_no}`);
      if (refund.state !== 'processing') throw new ActionRefusal(409, 'it has arrived already');
      decideRefund(alipay, trade, { refund, outcome });
      await alipay.options.store.committed();
      return { trade_no, out_request_no, outcome };
    },
  });
}

function setGateway(alipay: Alipay): SandboxAction {
  return sandboxAction({
    name: 'gateway/set',
    summary: 'Sets where an application wants the wallet’s messages, as its console does.',
    input: z.strictObject({
      app_id: z.string().max(32),
      url: z.url({ protocol: /^https?$/ }).max(256),
    }),
    run: async ({ app_id, url }) => {
      if (!alipay.apps.has(app_id)) throw new ActionRefusal(404, `no application ${app_id}`);
      alipay.app_gateways.put(app_id, { app_id, url });
      await alipay.options.store.committed();
      return { app_id, url };
    },
  });
}

export function tradeActions(alipay: Alipay): readonly SandboxAction[] {
  return [giveCoupon(alipay), decide(alipay), setGateway(alipay)];
}
