import { pagesOf } from '../../html.ts';

export const { page, messagePage } = pagesOf({
  title: { zh: '银联沙箱', en: 'UnionPay sandbox' },
  colours: { light: '#b3121d', dark: '#ff8a85', button: '#b3121d' },
  forms_stay: true,
});
