import type { WalletCall } from '../../calls.ts';

/** Certificates and the self-test. */
const GROUP = 'Keys and security';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';

export const TRUST_CALLS: readonly WalletCall[] = [
  {
    operation: 'GET /v3/certificates',
    group: GROUP,
    doc: `${DOC}/4012551764`,
    timeout_ms: 3_000,
    repeatable: true,
  },
  {
    operation: 'POST /v3/security/echo',
    group: GROUP,
    doc: `${DOC}/4014551946`,
    repeatable: true,
  },
];
