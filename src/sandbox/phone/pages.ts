import { type Context, Hono } from 'hono';
import { getCookie } from 'hono/cookie';
import { type PhonePath, phoneHref } from '../../../web/phone/view.ts';
import { outcomeOf, type PhoneError } from '../../../web/phone/words.ts';
import { parseDuration } from '../../clock.ts';
import { PhoneRefusal } from '../sandbox.ts';
import type { Device } from './device.ts';
import { setNarrow, setStrengths } from './dial.ts';
import { handOf, type InHand, PERSON_COOKIE, screenOf, showPhone } from './show.tsx';

/** The phone as a page: forms that do what the JSON API does; nothing needs a script. */
const MAX_FORM_BYTES = 16_384;
const MAX_TOP_UP = 10_000_000_000n;

export function phonePages(device: Device): Hono {
  const pages = new Hono();
  pages.get('/', (c) =>
    showPhone(device, c, asked(device, c), { kind: 'home', code: c.req.query('code') ?? '' }),
  );
  pages.get('/pay', (c) => {
    const scan = device.scanned(c.req.query('scan'));
    if (!scan) return back(device, c, queryOf(c), { error: 'scan_expired' });
    return showPhone(device, c, handOf(device, scan.person, scan.wallet), screenOf(scan));
  });
  pages.get('/code', (c) => payerCode(device, c));
  pages.get('/prompt', (c) => prompt(device, c));
  pages.get('/receive', (c) => receive(device, c));
  forms(pages, device);
  return pages;
}

function forms(pages: Hono, device: Device): void {
  const post = (
    path: string,
    work: (c: Context, form: URLSearchParams) => Promise<Response> | Response,
  ) => pages.post(path, (c) => withForm(c, (form) => work(c, form)));
  post('/scan', (c, form) => scan(device, c, form));
  post('/confirm', (c, form) => confirm(device, c, form));
  post('/prompt', (c, form) => answerPrompt(device, c, form));
  post('/receive', (c, form) => answerTransfer(device, c, form));
  post('/consent', (c, form) => withdrawConsent(device, c, form));
  post('/balance', (c, form) => topUp(device, c, form));
  post('/clock', async (c, form) => {
    const ms = parseDuration(form.get('advance') ?? '');
    if (ms !== undefined) await device.clock.advance(ms);
    return back(device, c, form);
  });
  post('/faults', (c, form) => {
    setStrengths(device, hand(device, form).sandbox.wallet, form);
    return back(device, c, form);
  });
  post('/fault', (c, form) => {
    setNarrow(device, hand(device, form).sandbox.wallet, form);
    return back(device, c, form);
  });
  post('/sentinels', (c, form) => {
    device.faults[hand(device, form).sandbox.wallet].sentinels = form.get('on') === 'yes';
    return back(device, c, form);
  });
}

async function withForm(
  c: Context,
  work: (form: URLSearchParams) => Promise<Response> | Response,
): Promise<Response> {
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= MAX_FORM_BYTES)) return c.text('a form of at most 16 KB', 413);
  return work(new URLSearchParams(await c.req.text()));
}

/** Who and which wallet the address names; else whose phone it was last. */
function asked(device: Device, c: Context): InHand {
  const person = c.req.query('person') ?? getCookie(c, PERSON_COOKIE);
  return handOf(device, person, c.req.query('wallet'));
}

function hand(device: Device, form: URLSearchParams): InHand {
  return handOf(device, form.get('person') ?? undefined, form.get('wallet') ?? undefined);
}

function queryOf(c: Context): URLSearchParams {
  return new URLSearchParams(c.req.query());
}

/** As on a real phone, a charge that waits takes the code's place. */
function payerCode(device: Device, c: Context): Response | Promise<Response> {
  const held = asked(device, c);
  const { person, sandbox } = held;
  const [waiting] = sandbox.prompts(person.id);
  if (waiting) {
    const state = { person: person.id, wallet: sandbox.wallet, id: waiting.id };
    return c.redirect(phoneHref('/prompt', state), 303);
  }
  let code: string | null = null;
  try {
    code = sandbox.payerCode(person.id).code;
  } catch (error) {
    if (!(error instanceof PhoneRefusal)) throw error;
  }
  return showPhone(device, c, held, { kind: 'payer_code', code });
}

function prompt(device: Device, c: Context): Response | Promise<Response> {
  const held = asked(device, c);
  const found = held.sandbox.prompts(held.person.id).find(({ id }) => id === c.req.query('id'));
  if (!found) return back(device, c, queryOf(c), { error: 'prompt_over' });
  const { id, payee, amount, description } = found;
  return showPhone(device, c, held, {
    kind: 'pay',
    asks: 'prompt',
    id,
    payee,
    amount,
    description,
  });
}

function receive(device: Device, c: Context): Response | Promise<Response> {
  const held = asked(device, c);
  const { wallet } = held.sandbox;
  const found = device
    .receivable(held.person.id)
    .find((transfer) => transfer.wallet === wallet && transfer.id === c.req.query('id'));
  if (!found) return back(device, c, queryOf(c), { error: 'transfer_over' });
  return showPhone(device, c, held, { kind: 'receive', transfer: found });
}

async function scan(device: Device, c: Context, form: URLSearchParams): Promise<Response> {
  const { person } = hand(device, form);
  const wallet = device.wallets.find((name) => name === form.get('wallet'));
  const code = (form.get('code') ?? '').trim();
  try {
    const { id } = await device.scan({ person: person.id, wallet, code });
    return c.redirect(`/pay?${new URLSearchParams({ scan: id }).toString()}`, 303);
  } catch (error) {
    return back(device, c, form, { error: errorOf(error) });
  }
}

function outcomeIn(form: URLSearchParams) {
  return form.get('outcome') === 'cancel' ? 'cancel' : outcomeOf(form.get('password') ?? '');
}

async function confirm(device: Device, c: Context, form: URLSearchParams): Promise<Response> {
  const id = form.get('id') ?? '';
  const query = new URLSearchParams({ scan: id });
  try {
    await device.confirm(id, outcomeIn(form));
  } catch (error) {
    const failed = errorOf(error);
    if (failed === 'scan_expired') return back(device, c, form, { error: failed });
    query.set('error', failed);
  }
  return c.redirect(`/pay?${query.toString()}`, 303);
}

async function answerPrompt(device: Device, c: Context, form: URLSearchParams): Promise<Response> {
  const { person, sandbox } = hand(device, form);
  const id = form.get('id') ?? '';
  const known = sandbox.prompts(person.id).find((waiting) => waiting.id === id);
  try {
    const { state } = await sandbox.answerPrompt(id, outcomeIn(form));
    const amount = known?.amount ?? 0n;
    return await showPhone(device, c, { person, sandbox }, { kind: 'done', state, amount });
  } catch (error) {
    const failed = errorOf(error);
    const path = failed === 'prompt_over' ? '/' : '/prompt';
    return back(device, c, form, { error: failed, path, id });
  }
}

async function answerTransfer(
  device: Device,
  c: Context,
  form: URLSearchParams,
): Promise<Response> {
  const { sandbox } = hand(device, form);
  try {
    const outcome = form.get('outcome') === 'accept' ? 'accept' : 'decline';
    await sandbox.answerTransfer(form.get('id') ?? '', outcome);
    return back(device, c, form);
  } catch (error) {
    return back(device, c, form, { error: errorOf(error) });
  }
}

async function withdrawConsent(
  device: Device,
  c: Context,
  form: URLSearchParams,
): Promise<Response> {
  const { person, sandbox } = hand(device, form);
  try {
    await device.withdrawConsent(sandbox.wallet, person.id, form.get('id') ?? '');
    return back(device, c, form);
  } catch (error) {
    return back(device, c, form, { error: errorOf(error) });
  }
}

/** Adds to what this person has, and goes back to what they were about to pay. */
async function topUp(device: Device, c: Context, form: URLSearchParams): Promise<Response> {
  const { person, sandbox } = hand(device, form);
  const text = form.get('amount') ?? '';
  const amount = /^\d{1,11}$/.test(text) ? BigInt(text) : 0n;
  const after = sandbox.balance(person.id) + amount;
  if (amount > 0n && after <= MAX_TOP_UP) await sandbox.setBalance(person.id, after);
  const id = form.get('id') ?? '';
  if (form.get('asks') === 'prompt') return back(device, c, form, { path: '/prompt', id });
  return c.redirect(`/pay?${new URLSearchParams({ scan: id }).toString()}`, 303);
}

/** A wallet whose journal is down answers nothing; the person may try again. */
function errorOf(error: unknown): PhoneError {
  return error instanceof PhoneRefusal ? error.code : 'busy';
}

function back(
  device: Device,
  c: Context,
  form: URLSearchParams,
  to: { error?: PhoneError; path?: PhonePath; id?: string } = {},
): Response {
  const { person, sandbox } = hand(device, form);
  const code = form.get('code') ?? '';
  const state = {
    person: person.id,
    wallet: sandbox.wallet,
    ...(code === '' ? {} : { code }),
    ...(to.id === undefined || to.path !== '/prompt' ? {} : { id: to.id }),
    ...(to.error === undefined ? {} : { error: to.error }),
  };
  return c.redirect(phoneHref(to.path ?? '/', state), 303);
}
