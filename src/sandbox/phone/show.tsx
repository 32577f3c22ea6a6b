import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import {
  isLanguage,
  LANGUAGE_COOKIE,
  type Language,
  negotiateLanguage,
} from '../../../web/design/language.ts';
import { pageHeaders } from '../../../web/design/page-headers.ts';
import { PhonePage } from '../../../web/phone/page.tsx';
import type { PhoneView, Screen } from '../../../web/phone/view.ts';
import { PHONE_ERRORS } from '../../../web/phone/words.ts';
import type { Person, WalletSandbox } from '../sandbox.ts';
import type { Device, PhoneScan } from './device.ts';
import { dialView } from './dial.ts';

/** The wallets' own pages (cashier, login) read from it whose phone this is. */
export const PERSON_COOKIE = 'hutong_person';
const YEAR_S = 365 * 24 * 3_600;
const HISTORY = 8;
/** A payer code changes, and a shop may charge: the screen looks again. */
const LOOK_AGAIN_S = 3;

export interface InHand {
  readonly person: Person;
  readonly sandbox: WalletSandbox;
}

/** The person and wallet asked for, or the first of each. */
export function handOf(
  device: Device,
  personId: string | undefined,
  wallet: string | undefined,
): InHand {
  const person = device.person(personId) ?? device.people[0];
  const sandbox = device.sandbox(wallet) ?? device.sandbox(device.wallets[0]);
  if (!person || !sandbox) throw new Error('a phone needs a person and a wallet');
  return { person, sandbox };
}

export function screenOf(scan: PhoneScan): Screen {
  const { id, payee, amount, description, state } = scan;
  return state === 'open'
    ? { kind: 'pay', asks: 'scan', id, payee, amount, description }
    : { kind: 'done', state, amount };
}

export function showPhone(
  device: Device,
  c: Context,
  { person, sandbox }: InHand,
  screen: Screen,
): Response | Promise<Response> {
  const { wallet } = sandbox;
  remember(c, person);
  const home = screen.kind === 'home';
  const view: PhoneView = {
    language: language(c),
    people: device.people,
    wallets: device.wallets.map((name) => ({
      wallet: name,
      balance: device.sandbox(name)?.balance(person.id) ?? 0n,
    })),
    person,
    wallet,
    screen,
    error: PHONE_ERRORS.find((known) => known === c.req.query('error')) ?? null,
    prompts: home ? device.prompts(person.id) : [],
    transfers: home ? device.receivable(person.id) : [],
    consents: home ? device.consents(person.id) : [],
    codes: home ? device.codesOnScreen() : [],
    history: home || screen.kind === 'payer_code' ? device.history(wallet, person.id, HISTORY) : [],
    clock: { now: device.clock.now(), offset_ms: device.clock.offset_ms },
    dial: dialView(device.faults[wallet], sandbox),
    desk_url: `${sandbox.url}/__sandbox/`,
  };
  // The page's own forms must say where they come from: see the guard.
  const headers = {
    ...pageHeaders(),
    'referrer-policy': 'same-origin',
    ...(screen.kind === 'payer_code' ? { refresh: String(LOOK_AGAIN_S) } : {}),
  };
  return c.html(<PhonePage view={view} />, 200, headers);
}

function remember(c: Context, person: Person): void {
  const options = { path: '/', sameSite: 'Lax', maxAge: YEAR_S } as const;
  setCookie(c, PERSON_COOKIE, person.id, options);
  const asked = c.req.query('lang');
  if (isLanguage(asked)) setCookie(c, LANGUAGE_COOKIE, asked, options);
}

function language(c: Context): Language {
  return negotiateLanguage({
    query: c.req.query('lang'),
    cookie: getCookie(c, LANGUAGE_COOKIE),
    accept: c.req.header('accept-language'),
  });
}
