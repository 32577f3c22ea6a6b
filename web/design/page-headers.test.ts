import { expect, test } from 'vitest';
import { pageHeaders } from './page-headers.ts';

function formAction(form_to?: string): string | undefined {
  const policy = pageHeaders({ form_to })['content-security-policy'] ?? '';
  return policy.split('; ').find((part) => part.startsWith('form-action'));
}

test.each([
  [undefined, "form-action 'self'"],
  ['http://127.0.0.1:8093/gateway/api/x.do', "form-action 'self' http://127.0.0.1:8093"],
  [
    'https://gateway.95516.com/gateway/api/x.do',
    "form-action 'self' https://gateway.95516.com https://*.95516.com",
  ],
  ['https://example.com/pay', "form-action 'self' https://example.com"],
  ['https://10.1.2.3/pay', "form-action 'self' https://10.1.2.3"],
])('a form for %s may go to its own page and its neighbours', (form_to, expected) => {
  expect(formAction(form_to)).toBe(expected);
});
