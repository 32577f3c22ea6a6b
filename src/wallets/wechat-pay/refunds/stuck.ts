import type { WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { RefundTarget, StuckRefund, StuckRefunds } from '../../products/stuck-refunds.ts';
import type { RefundOutcome } from '../../wallet.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { readResult } from '../ask.ts';
import { type Client, callWallet } from '../client.ts';
import { notSent } from '../refusals.ts';
import { openSealer, type Sealer } from '../trust/fields.ts';
import { ABNORMAL, PLATFORM_REFUNDS, REFUNDS } from './calls.ts';
import { readRefund, sellerIds } from './refunds.ts';

/**
 * A refund that is ABNORMAL (the payer's card is gone, the account frozen) is sent to a debit card
 * of the payer or to the merchant's own account.
 * https://pay.weixin.qq.com/doc/v3/merchant/4013071193
 */
export function stuckRefunds(client: Client): StuckRefunds {
  return {
    resolve: (account, refund, target) => resolve(client, openAccount(account), { refund, target }),
  };
}

async function resolve(
  client: Client,
  account: MerchantAccount,
  wish: { readonly refund: StuckRefund; readonly target: RefundTarget },
): Promise<RefundOutcome> {
  const { refund, target } = wish;
  const root = account.role === 'platform' ? PLATFORM_REFUNDS : REFUNDS;
  const operation = `${root}/${ABNORMAL}`;
  const ids = sellerIds(account, refund.sub_merchant);
  if ('problem' in ids) return notSent(`POST ${operation}`, ids.problem);
  const sealer = target.kind === 'payer_card' ? await openSealer(client, account) : undefined;
  const receiver = receiverFields(target, sealer);
  if (!receiver) {
    const message = 'There is no key of WeChat Pay just now to encrypt the card to.';
    return notSent(`POST ${operation}`, message);
  }
  const result = await callWallet(client, account, {
    method: 'POST',
    target: `${root}/${encodeURIComponent(refund.wallet_refund_id)}/apply-abnormal-refund`,
    operation,
    ...(sealer ? { serial: sealer.serial } : {}),
    body: { ...ids, out_refund_no: refund.refund_reference, ...receiver },
  });
  return readResult(result, readRefund(account, refund));
}

/** Undefined when the card cannot be encrypted. */
function receiverFields(target: RefundTarget, sealer: Sealer | undefined): WireObject | undefined {
  if (target.kind === 'merchant_account') return { type: 'MERCHANT_BANK_CARD' };
  const bank_account = sealer?.encrypt(target.card_number);
  const real_name = sealer?.encrypt(target.holder_name);
  if (bank_account === undefined || real_name === undefined) return undefined;
  return { type: 'USER_BANK_CARD', bank_type: target.bank, bank_account, real_name };
}
