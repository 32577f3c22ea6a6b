import type { WalletCall } from '../../calls.ts';
import { DOWNLOAD } from './ring.ts';

/** Tokens and certificates. */
export const TRUST_CALLS: readonly WalletCall[] = [
  {
    operation: 'alipay.system.oauth.token',
    group: 'Payer login',
    doc: 'https://opendocs.alipay.com/open/84bc7352_alipay.system.oauth.token',
    // The code is gone once it was taken: a second try could only be refused.
    repeatable: false,
  },
  {
    operation: DOWNLOAD,
    group: 'Certificates',
    doc: 'https://opendocs.alipay.com/apis/api_9/alipay.open.app.alipaycert.download',
    timeout_ms: 5_000,
    repeatable: true,
  },
];
