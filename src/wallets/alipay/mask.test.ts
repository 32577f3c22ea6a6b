import { expect, test } from 'vitest';
import { masked } from './mask.ts';

test('persons are cut wherever they stand, secrets are out, the rest is shown', () => {
  const shown = masked({
    out_trade_no: 'A1',
    buyer_id: '2088101117955611',
    auth_code: '280000000000000000',
    payee_info: { identity: 'somebody@example.test', name: '张三' },
    receiver_list: [{ account: '13800001111', memo: 'shop' }],
    legal: { cert_no: '110101199001011234', deep: { mobile: '13800001111' } },
    subject: 'x'.repeat(5000),
  });
  expect(shown).toMatchObject({
    out_trade_no: 'A1',
    buyer_id: '2088****5611',
    payee_info: '****',
    receiver_list: [{ account: '1380****1111', memo: 'shop' }],
    legal: { cert_no: '1101****1234', deep: { mobile: '1380****1111' } },
  });
  const text = JSON.stringify(shown);
  for (const secret of ['280000000000000000', '张三', '13800001111', '199001011']) {
    expect(text).not.toContain(secret);
  }
  expect(text.length).toBeLessThan(3000);
});

test('nesting has an end', () => {
  let deep: Record<string, unknown> = { mobile: '13800001111' };
  for (let i = 0; i < 50; i += 1) deep = { deep };
  expect(JSON.stringify(masked(deep)).length).toBeLessThan(200);
});
