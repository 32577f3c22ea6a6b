import { type Context, Hono } from 'hono';
import { getCookie } from 'hono/cookie';
import { phoneHref } from '../../../web/phone/view.ts';
import { outcomeOf, type PhoneError, STRENGTHS } from '../../../web/phone/words.ts';
import { parseDuration } from '../../clock.ts';
import { FAULTS } from '../faults.ts';
import { PhoneRefusal } from '../sandbox.ts';
import type { Device } from './device.ts';
import { handOf, PERSON_COOKIE, screenOf, settingOf, showPhone } from './show.tsx';

/** The phone as a page: forms that do what the JSON API does; nothing needs a script. */
const MAX_FORM_BYTES = 16_384;

export function phonePages(device: Device): Hono {
  const pages = new Hono();
  pages.get('/', (c) => {
    const hand = handOf(
      device,
      c.req.query('person') ?? getCookie(c, PERSON_COOKIE),
      c.req.query('wallet'),
    );
    return showPhone(device, c, hand, { kind: 'home', code: c.req.query('code') ?? '' });
  });
  pages.get('/pay', (c) => {
    const scan = device.scanned(c.req.query('scan'));
    if (!scan) return backHome(device, c, 'scan_expired', new URLSearchParams(c.req.query()));
    return showPhone(device, c, handOf(device, scan.person, scan.wallet), screenOf(scan));
  });
  pages.post('/scan', (c) => withForm(c, (form) => scan(device, c, form)));
  pages.post('/confirm', (c) => withForm(c, (form) => confirm(device, c, form)));
  pages.post('/clock', (c) =>
    withForm(c, async (form) => {
      const ms = parseDuration(form.get('advance') ?? '');
      if (ms !== undefined) await device.clock.advance(ms);
      return backHome(device, c, null, form);
    }),
  );
  pages.post('/faults', (c) =>
    withForm(c, async (form) => {
      setFaults(device, form);
      return backHome(device, c, null, form);
    }),
  );
  return pages;
}

async function withForm(
  c: Context,
  work: (form: URLSearchParams) => Promise<Response>,
): Promise<Response> {
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= MAX_FORM_BYTES)) return c.text('a form of at most 16 KB', 413);
  return work(new URLSearchParams(await c.req.text()));
}

async function scan(device: Device, c: Context, form: URLSearchParams): Promise<Response> {
  const { person } = handOf(device, form.get('person') ?? undefined, undefined);
  const wallet = device.wallets.find((name) => name === form.get('wallet'));
  const code = (form.get('code') ?? '').trim();
  try {
    const { id } = await device.scan({ person: person.id, wallet, code });
    return c.redirect(`/pay?${new URLSearchParams({ scan: id }).toString()}`, 303);
  } catch (error) {
    return backHome(device, c, errorOf(error), form);
  }
}

async function confirm(device: Device, c: Context, form: URLSearchParams): Promise<Response> {
  const id = form.get('scan') ?? '';
  const cancelled = form.get('outcome') === 'cancel';
  const query = new URLSearchParams({ scan: id });
  try {
    await device.confirm(id, cancelled ? 'cancel' : outcomeOf(form.get('password') ?? ''));
  } catch (error) {
    const failed = errorOf(error);
    if (failed === 'scan_expired') return backHome(device, c, failed, form);
    query.set('error', failed);
  }
  return c.redirect(`/pay?${query.toString()}`, 303);
}

/** A wallet whose journal is down answers nothing; the person may try again. */
function errorOf(error: unknown): PhoneError {
  return error instanceof PhoneRefusal ? error.code : 'busy';
}

function backHome(
  device: Device,
  c: Context,
  error: PhoneError | null,
  form: URLSearchParams,
): Response {
  const wallet = form.get('wallet') || c.req.query('wallet');
  const hand = handOf(device, form.get('person') ?? undefined, wallet ?? undefined);
  const code = form.get('code') ?? '';
  const state = {
    person: hand.person.id,
    wallet: hand.sandbox.wallet,
    ...(code === '' ? {} : { code }),
    ...(error === null ? {} : { error }),
  };
  return c.redirect(phoneHref('/', state), 303);
}

function setFaults(device: Device, form: URLSearchParams): void {
  const { sandbox } = handOf(device, undefined, form.get('wallet') ?? undefined);
  for (const fault of FAULTS) {
    const strength = STRENGTHS.find((known) => known === form.get(fault));
    if (strength) device.setFault(sandbox.wallet, settingOf(fault, strength));
  }
}
