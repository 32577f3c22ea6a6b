import type { Hono } from 'hono';
import { z } from 'zod';
import type { Device, Of } from '../device.ts';
import { body, fen, outcomes, parse, personOf, walletName, walletOf } from './wire.ts';

/** What one person's phone shows by itself: payer codes, prompts, transfers, codes around it. */
const codeQuery = z.object({ wallet: walletName });
const promptBody = z.strictObject({
  wallet: walletName,
  prompt: z.string().min(1).max(128),
  outcome: outcomes,
});
const transferBody = z.strictObject({
  wallet: walletName,
  transfer: z.string().min(1).max(128),
  outcome: z.enum(['accept', 'decline']),
});

const consentBody = z.strictObject({ wallet: walletName, consent: z.string().min(1).max(128) });

export function personRoutes(api: Hono, device: Device): void {
  api.get('/api/people', (c) => {
    const zh = c.req.query('lang') === 'zh';
    const data = device.people.map(({ id, name }) => ({
      id,
      name: zh ? name.zh : name.en,
      wallets: device.wallets,
    }));
    return c.json({ data });
  });
  api.get('/api/people/:person/payer-code', (c) => {
    const person = personOf(device, c.req.param('person'));
    const { wallet } = parse(codeQuery, c.req.query());
    const { code, expires_at } = device.payerCode(walletOf(c, device, wallet).wallet, person);
    return c.json({ wallet, code, expires_at: expires_at.toISOString() });
  });
  api.get('/api/people/:person/prompts', (c) => {
    const person = personOf(device, c.req.param('person'));
    return c.json({ data: device.prompts(person).map(withFen) });
  });
  api.post('/api/prompts', async (c) => {
    const { wallet, prompt, outcome } = await body(c, promptBody);
    return c.json(await device.answerPrompt(wallet, prompt, outcome));
  });
  api.get('/api/people/:person/transfers', (c) => {
    const person = personOf(device, c.req.param('person'));
    return c.json({ data: device.receivable(person).map(withFen) });
  });
  api.post('/api/transfers', async (c) => {
    const { wallet, transfer, outcome } = await body(c, transferBody);
    return c.json(await device.answerTransfer(wallet, transfer, outcome));
  });
  api.get('/api/people/:person/consents', (c) => {
    const person = personOf(device, c.req.param('person'));
    return c.json({ data: device.consents(person) });
  });
  api.post('/api/people/:person/consents', async (c) => {
    const person = personOf(device, c.req.param('person'));
    const { wallet, consent } = await body(c, consentBody);
    await device.withdrawConsent(wallet, person, consent);
    return c.json({ state: 'withdrawn' });
  });
  api.get('/api/codes', (c) => c.json({ data: device.codesOnScreen().map(withFen) }));
}

function withFen<T extends { readonly amount: bigint }>(entry: Of<T>) {
  return { ...entry, amount: fen(entry.amount), currency: 'CNY' };
}
