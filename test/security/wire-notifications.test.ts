import { createHash, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { signNotification } from '../../src/protocols/alipay/notification.ts';
import { encodeForm } from '../../src/protocols/alipay/parameters.ts';
import type { RawNotification, VerifiedNotification } from '../../src/wallets/notification.ts';
import { SEED } from './fuzz-storm.ts';
import { Dice, HOSTILE_TEXTS } from './fuzz-values.ts';
import { startWire, WIRE_FACTOR, WIRE_WALLETS, type Wire, type WireWallet } from './wire/rig.ts';

/** Genuine notifications that somebody on the way has changed, seen by each connector. */
const wires = new Map<WireWallet, Wire>();
const genuine = new Map<WireWallet, RawNotification>();
const verdicts = new Map<WireWallet, VerifiedNotification>();

beforeAll(async () => {
  for (const name of WIRE_WALLETS) {
    const wire = await startWire(name);
    wires.set(name, wire);
    const raw = await wire.notice();
    genuine.set(name, raw);
    verdicts.set(name, await wire.wallet.verifyNotification(wire.account(), raw));
  }
});

function of<T>(map: ReadonlyMap<WireWallet, T>, name: WireWallet): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`${name} did not start`);
  return found;
}

const SIGNATURE_HEADER = {
  wechat_pay: 'wechatpay-signature',
  douyin_pay: 'douyinpay-signature',
} as const;

function signatureOf(name: WireWallet, raw: RawNotification): string {
  if (name === 'wechat_pay' || name === 'douyin_pay') {
    return raw.headers[SIGNATURE_HEADER[name]] ?? '';
  }
  const form = new URLSearchParams(raw.body.toString('utf8'));
  return form.get(name === 'alipay' ? 'sign' : 'signature') ?? '';
}

function withSignature(name: WireWallet, raw: RawNotification, text: string): RawNotification {
  if (name === 'wechat_pay' || name === 'douyin_pay') {
    return { ...raw, headers: { ...raw.headers, [SIGNATURE_HEADER[name]]: text } };
  }
  return withFields(raw, { [name === 'alipay' ? 'sign' : 'signature']: text });
}

function withFields(raw: RawNotification, fields: Record<string, string>): RawNotification {
  const form = new URLSearchParams(raw.body.toString('utf8'));
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  return { ...raw, body: Buffer.from(form.toString()) };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Other texts that a lenient reader of base64 takes for the same bytes. */
function otherSpellings(text: string): string[] {
  const bare = text.replace(/=+$/, '');
  const last = ALPHABET.indexOf(bare.slice(-1));
  const spare = Array.from({ length: 15 }, (_, nth) => {
    const letter = ALPHABET.charAt((last & ~15) | ((last + nth + 1) & 15));
    return `${bare.slice(0, -1)}${letter}==`;
  });
  const middle = 100;
  const put = (between: string) => text.slice(0, middle) + between + text.slice(middle);
  return [
    ...spare,
    bare,
    `${bare}=`,
    `${text}=`,
    `${text}====`,
    text.slice(0, -1),
    text.slice(0, -3),
    ` ${text}`,
    `${text} `,
    `${text}\n`,
    put('\n'),
    put('\r\n'),
    put(' '),
    put('='),
    put('\u0000'),
    put('%0A'),
    put('é'),
    `${text}, ${text}`,
    text.replaceAll('+', '-').replaceAll('/', '_').replace(/^./, '-'),
    `${text.slice(0, 40)}-_${text.slice(42)}`,
    Buffer.from(text, 'base64').toString('base64url'),
    Buffer.from(text, 'base64').toString('hex'),
    `data:;base64,${text}`,
    text.repeat(400),
  ].filter((other) => other !== text);
}

/** Whatever was verified must say exactly what the genuine one said. */
function isHarmless(name: WireWallet, verdict: VerifiedNotification): boolean {
  return (
    verdict.kind === 'refused' ||
    JSON.stringify(verdict, plain) === JSON.stringify(of(verdicts, name), plain)
  );
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

function mutated(dice: Dice, raw: RawNotification): RawNotification {
  const body = Buffer.from(raw.body);
  const at = dice.below(body.length);
  switch (dice.below(8)) {
    case 0:
      body[at] = (body[at] ?? 0) ^ (1 << dice.below(8));
      return { ...raw, body };
    case 1:
      return { ...raw, body: body.subarray(0, at) };
    case 2:
      return {
        ...raw,
        body: Buffer.concat([body.subarray(0, at), dice.bytes(3), body.subarray(at)]),
      };
    case 3: {
      const text = dice.pick(HOSTILE_TEXTS);
      return { ...raw, body: Buffer.concat([body, Buffer.from(`&x=${text}`)]) };
    }
    case 4:
      return {
        ...raw,
        body: Buffer.concat([body.subarray(0, at), body.subarray(at + 1 + dice.below(9))]),
      };
    case 5: {
      const names = Object.keys(raw.headers);
      const name = names[dice.below(names.length)] ?? '';
      const value = dice.pick(HOSTILE_TEXTS).slice(0, 4_000);
      return { ...raw, headers: { ...raw.headers, [name]: value } };
    }
    case 6: {
      const names = Object.keys(raw.headers);
      const [one = '', other = ''] = [
        names[dice.below(names.length)],
        names[dice.below(names.length)],
      ];
      const swapped = { [one]: raw.headers[other] ?? '', [other]: raw.headers[one] ?? '' };
      return { ...raw, headers: { ...raw.headers, ...swapped } };
    }
    default:
      return {
        ...raw,
        body: dice.chance(0.5) ? dice.bytes(dice.below(900)) : Buffer.alloc(70_000, 'a=1&'),
      };
  }
}

describe.each(WIRE_WALLETS)('a notification of %s', (name) => {
  const verify = (raw: RawNotification, id?: string) => {
    const wire = of(wires, name);
    return wire.wallet.verifyNotification(wire.account(id === undefined ? {} : { id }), raw);
  };

  test('is taken as it came', () => {
    expect(of(verdicts, name)).toMatchObject({ kind: 'verified', content: { about: 'payment' } });
  });

  test('counts under the one spelling of its signature, no other', async () => {
    const raw = of(genuine, name);
    const text = signatureOf(name, raw);
    expect(text).toHaveLength(344);
    const taken: string[] = [];
    for (const other of otherSpellings(text)) {
      const verdict = await verify(withSignature(name, raw, other));
      if (verdict.kind !== 'refused') taken.push(JSON.stringify(other.slice(-60)));
    }
    expect(taken).toEqual([]);
  });

  test('changed anywhere is refused, or says what it said', async () => {
    const raw = of(genuine, name);
    const wrong: string[] = [];
    const cases = 90 * WIRE_FACTOR;
    for (let nth = 0; nth < cases; nth += 1) {
      const dice = new Dice(SEED + nth * 31);
      const verdict = await verify(mutated(dice, raw));
      if (!isHarmless(name, verdict))
        wrong.push(`seed ${SEED} case ${nth}: ${JSON.stringify(verdict, plain)}`);
    }
    expect(wrong).toEqual([]);
  });

  test('of another wallet is refused', async () => {
    for (const other of WIRE_WALLETS.filter((each) => each !== name)) {
      const raw = of(genuine, other);
      expect([other, (await verify(raw)).kind]).toEqual([other, 'refused']);
      const dressed = { ...raw, headers: { ...of(genuine, name).headers, ...raw.headers } };
      expect([other, (await verify(dressed)).kind]).toEqual([other, 'refused']);
    }
  });
});

describe.each(['alipay', 'union_pay'] as const)('the form of %s', (name) => {
  const EMPTY = [
    'msg_method',
    'notify_type',
    'gmt_refund',
    'refund_fee',
    'out_biz_no',
    'charset',
    'alipay_cert_sn',
    'currencyCode',
    'reqReserved',
    'txnType',
    'respCode',
    '__proto__',
    'x',
  ];

  test.each(EMPTY)('says nothing else by an empty %s that nobody signed', async (field) => {
    const wire = of(wires, name);
    const raw = of(genuine, name);
    const body = Buffer.concat([raw.body, Buffer.from(`&${field}=`)]);
    const verdict = await wire.wallet.verifyNotification(wire.account(), { ...raw, body });
    expect(isHarmless(name, verdict) ? 'harmless' : verdict).toBe('harmless');
  });
});

/** How often the sandbox was asked for a key of the wallet. */
function keyCalls(wire: Wire): number {
  const isOne = (operation: string | null) =>
    operation === 'certificates' || operation === 'alipay.open.app.alipaycert.download';
  return wire.requests.list({ limit: 500 }).filter(({ operation }) => isOne(operation)).length;
}

const serialOf = (nth: number) =>
  createHash('sha1').update(`stranger ${nth}`).digest('hex').toUpperCase();

async function strangers(name: WireWallet, wire: Wire, count: number): Promise<RawNotification[]> {
  const raw = of(genuine, name);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const letters = Array.from({ length: count }, async (_, nth) => {
    if (name !== 'alipay') {
      const header = name === 'wechat_pay' ? 'wechatpay-serial' : 'douyinpay-serial';
      return { ...raw, headers: { ...raw.headers, [header]: serialOf(nth) } };
    }
    const app_id = String(wire.account({ role: 'certificate' }).settings['app_id']);
    const alipay_cert_sn = serialOf(nth).slice(0, 32).toLowerCase();
    const forged = await signNotification(privateKey, { app_id }, { alipay_cert_sn });
    return { ...raw, body: Buffer.from(encodeForm(forged)) };
  });
  return Promise.all(letters);
}

describe.each(['wechat_pay', 'alipay', 'douyin_pay'] as const)('strangers towards %s', (name) => {
  test('who name keys that nobody has make one look-up a minute', async () => {
    const wire = of(wires, name);
    const wallet = wire.connector();
    const account = wire.account({
      id: 'wac_flood',
      ...(name === 'douyin_pay' ? {} : { role: 'certificate' }),
    });
    const before = keyCalls(wire);
    const letters = await strangers(name, wire, 60);
    for (const raw of letters.slice(0, 20)) {
      expect((await wallet.verifyNotification(account, raw)).kind).toBe('refused');
    }
    const rest = await Promise.all(
      letters.slice(20).map((raw) => wallet.verifyNotification(account, raw)),
    );
    expect(new Set(rest.map(({ kind }) => kind))).toEqual(new Set(['refused']));
    expect(keyCalls(wire) - before).toBe(1);
    const asked = await wallet.queryPayment(account, 'NOSUCHORDER0000000000000000');
    expect(asked.kind).toBe('not_found');
  });
});

test('strangers towards UnionPay make no call at all: its keys travel in the notice', async () => {
  const wire = of(wires, 'union_pay');
  const before = wire.requests.count;
  const raw = of(genuine, 'union_pay');
  for (let nth = 0; nth < 40; nth += 1) {
    const signPubKeyCert = nth % 2 === 0 ? serialOf(nth).repeat(20) : 'A'.repeat(100 * nth);
    const verdict = await wire.wallet.verifyNotification(
      wire.account(),
      withFields(raw, { signPubKeyCert }),
    );
    expect(verdict.kind).toBe('refused');
  }
  expect(wire.requests.count).toBe(before);
});
