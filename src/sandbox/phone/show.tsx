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
import { PHONE_ERRORS, type Strength } from '../../../web/phone/words.ts';
import { FAULTS, type Fault, type FaultSetting } from '../faults.ts';
import type { Person, WalletSandbox } from '../sandbox.ts';
import type { Device, PhoneScan } from './device.ts';

/** The wallets' own pages (cashier, login) read from it whose phone this is. */
export const PERSON_COOKIE = 'hutong_person';
const YEAR_S = 365 * 24 * 3_600;
const HISTORY = 8;

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
    ? { kind: 'pay', scan: id, payee, amount, description }
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
  const balances = device.wallets.map((name) => ({
    wallet: name,
    balance: device.sandbox(name)?.balance(person.id) ?? 0n,
  }));
  const view: PhoneView = {
    language: language(c),
    people: device.people,
    wallets: balances,
    person,
    wallet,
    screen,
    error: PHONE_ERRORS.find((known) => known === c.req.query('error')) ?? null,
    history: screen.kind === 'home' ? device.history(wallet, person.id, HISTORY) : [],
    clock: { now: device.clock.now(), offset_ms: device.clock.offset_ms },
    faults: FAULTS.map((fault) => ({
      fault,
      strength: strengthOf(device.faults[wallet].settings.find((known) => known.fault === fault)),
    })),
  };
  // The page's own forms must say where they come from: see the guard.
  const headers = { ...pageHeaders(), 'referrer-policy': 'same-origin' };
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

const SOME = 0.2;
const LATE_MS = 30_000;
const MORE_COPIES = 5;

/** What the page's four strengths mean; scripts may set anything in between. */
export function settingOf(fault: Fault, strength: Strength): FaultSetting {
  const shared = {
    fault,
    ...(fault === 'notification_delayed' ? { delay_ms: LATE_MS } : {}),
    ...(fault === 'notification_duplicated' ? { copies: MORE_COPIES } : {}),
  };
  switch (strength) {
    case 'off':
      return { ...shared, probability: 0 };
    case 'once':
      return { ...shared, probability: 1, remaining: 1 };
    case 'some':
      return { ...shared, probability: SOME };
    case 'always':
      return { ...shared, probability: 1 };
    default:
      return strength satisfies never;
  }
}

function strengthOf(setting: FaultSetting | undefined): Strength | 'custom' {
  if (!setting || setting.remaining === 0) return 'off';
  if (setting.probability === 1 && setting.remaining === 1) return 'once';
  if (setting.remaining !== undefined || setting.operation !== undefined) return 'custom';
  if (setting.probability === SOME) return 'some';
  return setting.probability === 1 ? 'always' : 'custom';
}
