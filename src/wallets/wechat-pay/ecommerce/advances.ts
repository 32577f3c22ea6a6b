import {
  fenField,
  textField,
  timeField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import type {
  Advance,
  AdvanceOutcome,
  AdvanceReturnFact,
  Advances,
} from '../../products/advances.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { ask, tell } from '../ask.ts';
import type { Call, Client } from '../client.ts';
import { notSent } from '../refusals.ts';
import { REFUNDS } from './calls.ts';

/**
 * What a platform laid out for its seller's refund comes back from the seller's money.
 * https://pay.weixin.qq.com/docs/partner/apis/ecommerce-refund/refunds/create-return-advance.html
 */
const OPERATION = `${REFUNDS}/{refund_id}/return-advance`;

export function advances(client: Client): Advances {
  return {
    giveBack: (account, advance) => {
      const body = { sub_mchid: advance.sub_merchant };
      return perform(client, openAccount(account), { advance, method: 'POST', body });
    },
    query: (account, advance) => perform(client, openAccount(account), { advance, method: 'GET' }),
  };
}

async function perform(
  client: Client,
  account: MerchantAccount,
  wanted: { advance: Advance } & Pick<Call, 'method' | 'body'>,
): Promise<AdvanceOutcome> {
  const { advance, ...call } = wanted;
  if (account.role !== 'platform') {
    return notSent(`${call.method} ${OPERATION}`, 'Only a platform pays refunds of its sellers.');
  }
  const query = new URLSearchParams({ sub_mchid: advance.sub_merchant });
  const path = `${REFUNDS}/${encodeURIComponent(advance.wallet_refund_id)}/return-advance`;
  const target = call.method === 'GET' ? `${path}?${query}` : path;
  const wish = {
    call: { ...call, target, operation: OPERATION },
    read: (content: WireObject) => readReturn(content, account, advance),
  };
  return call.method === 'GET' ? ask(client, account, wish) : tell(client, account, wish);
}

const RESULTS: ReadonlyMap<string, AdvanceReturnFact['state']> = new Map([
  ['SUCCESS', 'succeeded'],
  ['PROCESSING', 'pending'],
  ['FAILED', 'refused'],
]);

function readReturn(
  content: WireObject,
  account: MerchantAccount,
  { wallet_refund_id, sub_merchant }: Advance,
): AdvanceReturnFact | string {
  const state = RESULTS.get(textField(content, 'result') ?? '');
  const wallet_return_id = textField(content, 'advance_return_id');
  const amount = fenField(content, 'return_amount');
  const returned_at = timeField(content, 'success_time');
  if (!state || !wallet_return_id || amount === undefined) {
    return 'fields of the return are missing';
  }
  const same =
    textField(content, 'refund_id') === wallet_refund_id &&
    textField(content, 'payer_mchid') === sub_merchant &&
    textField(content, 'payee_mchid') === account.mchid;
  if (!same) return 'it is about another advance';
  return {
    wallet_refund_id,
    state,
    wallet_return_id,
    amount,
    ...(returned_at === undefined ? {} : { returned_at }),
  };
}
