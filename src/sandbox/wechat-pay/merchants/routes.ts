import type { Route } from '../api/route.ts';
import { uploadMedia } from './media.ts';

/** What merchants hand in beside money. */
export const MERCHANT_ROUTES: readonly Route[] = [
  {
    call: 'POST /v3/merchant/media/upload',
    group: 'Onboarding',
    doc: 'https://pay.weixin.qq.com/doc/v3/partner/4012760432',
    operation: 'media.upload',
    per_second: 100,
    upload: true,
    differs: 'The picture is checked and not kept; only its number is.',
    run: uploadMedia,
  },
];
