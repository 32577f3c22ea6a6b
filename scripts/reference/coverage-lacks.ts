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
      calls: '/v3/transfer/batches, /mmpaymkttransfers/sendredpack',
      why: 'Closed to new merchants by the wallet.',
    },
  ],
  alipay: [],
  union_pay: [],
  douyin_pay: [],
};
