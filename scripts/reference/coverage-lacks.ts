import type { WalletName } from '../../src/wallets/wallet.ts';

/** Calls that wallets document, that shops might look for, and that are knowingly not there. */
interface Lack {
  readonly calls: string;
  readonly why: string;
}

export const LACKS: Readonly<Record<WalletName, readonly Lack[]>> = {
  wechat_pay: [
    {
      calls: '/v3/fund-app/mch-transfer/partner/…',
      why: [
        'Transfers by a partner from its seller’s account. The wallet documents them as in a closed',
        'trial and not open for use; a partner pays out from its own account by the calls above.',
      ].join(' '),
    },
    {
      calls: 'a standing consent by the wallet’s number',
      why: 'The wallet has no such call: consents are found by the merchant’s number.',
    },
    {
      calls: '/v3/fund-app/mch-transfer/elecsign/…',
      why: 'Electronic receipts of transfers: stamped documents for people, which no program reads.',
    },
    {
      calls: '/v3/fund-app/mch-transfer/transfer-to-qq-wallet-bills',
      why: 'Payees are persons of WeChat; there is no QQ Wallet beside it.',
    },
    {
      calls: 'notices of refunds of the second version (`req_info`)',
      why: [
        'The connector refunds every order by the third version and so hears its notices; the',
        'sandbox tells nobody of a refund of the second.',
      ].join(' '),
    },
    {
      calls: 'GET /v3/merchant/fund/withdraw/bill-type/NO_SUCC',
      why: 'The file of withdrawals that failed: each one’s query and notice say the same sooner.',
    },
    {
      calls: '/v3/transfer/batches, /mmpaymkttransfers/sendredpack',
      why: 'Closed to new merchants by the wallet.',
    },
  ],
  alipay: [
    {
      calls: 'alipay.trade.orderinfo.sync',
      why: 'Tells the wallet’s own pages of parcels and orders; it moves no money and answers none.',
    },
  ],
  union_pay: [],
  douyin_pay: [],
};
