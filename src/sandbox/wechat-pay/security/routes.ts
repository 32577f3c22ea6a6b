import type { Route } from '../api/route.ts';
import { listCertificates } from './certificates.ts';
import { echo } from './echo.ts';

/** Certificates and the self-test. */
const GROUP = 'Keys and security';
const DOC = 'https://pay.weixin.qq.com/doc/v3/merchant';

export const SECURITY_ROUTES: readonly Route[] = [
  {
    call: 'GET /v3/certificates',
    group: GROUP,
    doc: `${DOC}/4012551764`,
    operation: 'certificates',
    differs: 'There are no SM2 certificates.',
    run: (context, merchant, { query }) => listCertificates(context, merchant, query),
  },
  {
    call: 'POST /v3/security/echo',
    group: GROUP,
    doc: `${DOC}/4014551946`,
    operation: 'security.echo',
    run: echo,
  },
];
