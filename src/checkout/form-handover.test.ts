import { beforeAll, describe, expect, test } from 'vitest';
import { type MoneyRig, startMoneyRig } from '../../test/support/money-rig.ts';
import { type Answer, csrfOf, Visitor } from '../../test/support/page-visitor.ts';
import { checkoutUrl } from '../payments/checkout-token.ts';
import type { Payment } from '../payments/payment.ts';
import { checkoutRoutes } from './routes.ts';

/** A wallet that wants the order by POST: the page has a form that leads there and nowhere else. */
let rig: MoneyRig;

beforeAll(async () => {
  rig = await startMoneyRig();
});

function pathOf(payment: Payment): string {
  return new URL(checkoutUrl(rig.app, payment)).pathname;
}

async function handedOver(): Promise<{ payment: Payment; visitor: Visitor; page: Answer }> {
  const payment = await rig.create();
  const path = pathOf(payment);
  const pages = checkoutRoutes(rig.app, { phone_url: 'http://127.0.0.1:8090' });
  const visitor = new Visitor(pages, 'phone');
  const csrf = csrfOf(await visitor.get(path));
  await visitor.post(`${path}/wallet`, { csrf, wallet: 'union_pay' });
  return { payment, visitor, page: await visitor.get(path) };
}

function unescaped(html: string): string {
  return html.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&#39;', "'");
}

function formIn({ body }: Answer): { action: string; fields: Record<string, string> } {
  const [, action = '', inside = ''] =
    /<form method="post" action="([^"]*)" data-send="[^"]*">(.*?)<\/form>/s.exec(body) ?? [];
  const fields: Record<string, string> = {};
  for (const [, name = '', value = ''] of inside.matchAll(
    /<input type="hidden" name="([^"]*)" value="([^"]*)"/g,
  )) {
    fields[name] = unescaped(value);
  }
  return { action: unescaped(action), fields };
}

describe('the page for a wallet that wants a form', () => {
  test('carries the signed order, a button, and may post to the wallet alone', async () => {
    const { page } = await handedOver();
    const { action, fields } = formIn(page);
    const { url } = rig.sandboxes.union_pay;
    expect(action).toBe(`${url}/gateway/api/frontTransReq.do`);
    expect(fields).toMatchObject({ txnType: '01', channelType: '08', txnAmt: '1234' });
    expect(fields['signature']).toMatch(/^[A-Za-z0-9+/]{300,}={0,2}$/);
    expect(fields).not.toHaveProperty('csrf');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toContain(`form-action 'self' ${url}`);
    expect(page.body).toContain('Open UnionPay');
  });

  test('is paid by posting exactly that form', async () => {
    const { payment, page } = await handedOver();
    const { action, fields } = formIn(page);
    const answer = await fetch(action, {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
      headers: { origin: 'null' },
    });
    expect(answer.status).toBe(302);
    const cashier = new URL(answer.headers.get('location') ?? '', action).href;
    await rig.payAt('union_pay', cashier);
    await rig.until(
      () => rig.reload(payment),
      ({ state }) => state === 'succeeded',
    );
  });

  test('other pages may post to nobody else', async () => {
    const payment = await rig.create();
    const page = await new Visitor(checkoutRoutes(rig.app)).get(pathOf(payment));
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toContain("form-action 'self'");
  });

  test('a payer who is brought back by POST finds the checkout, whatever the form says', async () => {
    const { payment, visitor } = await handedOver();
    const back = `/c/return/${payment.id}`;
    const answer = await visitor.post(
      back,
      { respCode: '00', orderId: 'x' },
      { origin: 'https://x.test' },
    );
    expect([answer.status, answer.location]).toEqual([303, back]);
    const there = await visitor.get(back);
    expect(there.location).toBe(pathOf(payment));
    expect((await rig.reload(payment)).state).toBe('pending');
  });
});
