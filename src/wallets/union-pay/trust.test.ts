import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newWalletReference } from '../../ids.ts';
import { readPrivateKey } from '../../protocols/union-pay/certificates.ts';
import {
  decodeForm,
  encodeAnswer,
  encodeForm,
  type Message,
  messageOf,
} from '../../protocols/union-pay/message.ts';
import { signMessage } from '../../protocols/union-pay/signature.ts';
import {
  type CertificateName,
  type Issued,
  issueCertificate,
  newRsaKey,
} from '../../sandbox/certificates.ts';
import type { WalletAccount } from '../wallet.ts';
import { AMOUNT, type Bench, openBench, rawOf } from './testing.ts';

/** Lies that a wire can tell: signed by others, of other trades, changed on the way. */
const DAY_MS = 86_400_000;

let on: Bench;
let now = new Date();
let middle: Issued;
let foreign: Issued;
let genuine: Issued;
let spare = '';

function issuedIn(dir: string, name: string): Issued {
  const read = (what: string) => readFileSync(join(dir, `${name}_${what}.pem`), 'utf8');
  return { certificate: read('certificate'), private_key: read('private_key') };
}

beforeAll(async () => {
  on = await openBench();
  now = new Date();
  middle = issuedIn(on.world.keys_dir, 'middle');
  genuine = issuedIn(on.world.keys_dir, 'union_pay');
  spare = await newRsaKey();
  const all_its_life = { not_before: new Date(0), not_after: new Date(now.getTime() + DAY_MS) };
  const name = { C: 'CN', O: 'Hutong Sandbox Certification Authority', CN: 'Hutong Sandbox OCA1' };
  foreign = await issueCertificate({
    subject: name,
    serial: '11',
    ...all_its_life,
    private_key: spare,
    authority: true,
  });
});
beforeEach(() => on.renew());
afterAll(() => on.stop());

const UNION = '041@8310000000083040@中国银联股份有限公司@00000009';

function signer(changes: { issuer?: Issued; CN?: string; until?: Date; from?: Date } = {}) {
  const subject: CertificateName = { C: 'CN', O: 'CFCA OCA1', CN: changes.CN ?? UNION };
  return issueCertificate({
    subject,
    serial: '77',
    issuer: changes.issuer ?? middle,
    not_before: changes.from ?? new Date(now.getTime() - 9 * DAY_MS),
    not_after: changes.until ?? new Date(now.getTime() + DAY_MS),
    private_key: spare,
  });
}

type Fields = Readonly<Record<string, string | undefined>>;

/** What would be signed under this certificate, whoever holds it. */
function signed(by: Issued, fields: Fields): Promise<Message> {
  const { signature: _old, ...rest } = fields;
  return signMessage(
    readPrivateKey(by.private_key),
    messageOf({ ...rest, signPubKeyCert: by.certificate }),
  );
}

const SIGNERS: readonly (readonly [string, string, () => Promise<Issued>])[] = [
  ['of another authority', 'unknown_key', () => signer({ issuer: foreign })],
  [
    'that a merchant holds',
    'unknown_key',
    () => Promise.resolve(issuedIn(on.world.keys_dir, 'merchant')),
  ],
  ['of an authority itself', 'unknown_key', () => Promise.resolve(middle)],
  ['of the test gateway', 'unknown_key', () => signer({ CN: '041@Z12@00040000:SIGN@00000001' })],
  [
    'with the right words in the wrong place',
    'unknown_key',
    () => signer({ CN: `041@1@某某公司@${UNION}` }),
  ],
  [
    'that stands on a merchant’s',
    'unknown_key',
    () => signer({ issuer: issuedIn(on.world.keys_dir, 'merchant') }),
  ],
  ['that ran out', 'stale', () => signer({ until: new Date(now.getTime() - 1000) })],
  ['of tomorrow', 'stale', () => signer({ from: new Date(now.getTime() + DAY_MS / 2) })],
];

describe('a notice', () => {
  async function heard(): Promise<Record<string, string>> {
    await on.paid();
    const [first] = await on.ear.hears(1);
    return Object.fromEntries(first?.message ?? []);
  }
  const verify = (message: Message, account = on.account) =>
    on.wallet.verifyNotification(account, rawOf(encodeForm(message)));

  test('of UnionPay is believed, also under a certificate never seen before', async () => {
    const said = await heard();
    expect(await verify(messageOf(said))).toMatchObject({
      kind: 'verified',
      content: { about: 'payment', fact: { state: 'paid', amount: AMOUNT } },
    });
    expect(await verify(await signed(await signer(), said))).toMatchObject({ kind: 'verified' });
  });

  test.each(SIGNERS)(
    'under a certificate %s is refused: %s',
    async (_what, reason, certificate) => {
      const said = await heard();
      const told = await verify(await signed(await certificate(), said));
      expect(told).toMatchObject({ kind: 'refused', reason });
    },
  );

  test('changed, unsigned, signed by another key, doubled or cut is refused', async () => {
    const said = await heard();
    const other = await signer();
    const mixed = await signed({ ...genuine, private_key: other.private_key }, said);
    const changed: [string, Message][] = [
      ['signature', messageOf({ ...said, txnAmt: '1' })],
      ['signature', messageOf({ ...said, orderId: newWalletReference(0) })],
      ['signature', messageOf({ ...said, added: '1' })],
      ['signature', messageOf({ ...said, signature: '' })],
      ['signature', messageOf({ ...said, signature: 'AAAA' })],
      ['unknown_key', messageOf({ ...said, signPubKeyCert: '' })],
      ['signature', mixed],
    ];
    for (const [reason, message] of changed) {
      expect(await verify(message)).toMatchObject({ kind: 'refused', reason });
    }
    const body = encodeForm(messageOf(said));
    for (const text of [`${body}&txnAmt=1`, '', '=', 'x'.repeat(70_000), body.slice(0, 200)]) {
      const told = await on.wallet.verifyNotification(on.account, rawOf(text));
      expect(told.kind).toBe('refused');
    }
  });

  test('under a certificate that ran out since it was believed is refused', async () => {
    const said = await heard();
    const short = await signer({ until: new Date(Date.now() + 2500) });
    const message = await signed(short, said);
    expect(await verify(message)).toMatchObject({ kind: 'verified' });
    const raw = { ...rawOf(encodeForm(message)), received_at: new Date(Date.now() + 5000) };
    expect(await on.wallet.verifyNotification(on.account, raw)).toMatchObject({
      kind: 'refused',
      reason: 'stale',
    });
  });

  test('for another merchant is refused, and an order of another time is not ours', async () => {
    const said = await heard();
    const other = on.accountWith({ settings: { mer_id: '777290058110049' } });
    expect(await verify(messageOf(said), other)).toMatchObject({ reason: 'wrong_account' });
    const old = await signed(genuine, { ...said, txnTime: '20200101000000' });
    expect(await verify(old)).toMatchObject({
      kind: 'verified',
      content: { fact: { wallet_reference: `${on.reference}/20200101000000` } },
    });
  });

  test('that lacks what money needs is refused, not guessed', async () => {
    const said = await heard();
    for (const lacking of ['txnAmt', 'queryId', 'orderId', 'merId']) {
      const told = await verify(await signed(genuine, { ...said, [lacking]: undefined }));
      expect(told.kind, lacking).toBe('refused');
    }
    for (const txnAmt of ['-1', '1.5', '01', '9999999999999', '１']) {
      expect((await verify(await signed(genuine, { ...said, txnAmt }))).kind).toBe('refused');
    }
  });
});

describe('an answer', () => {
  let lie: (asked: Record<string, string>) => Promise<string>;
  let address = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = decodeForm(Buffer.concat(chunks).toString('utf8'));
      void lie(Object.fromEntries(form ?? [])).then((text) => response.end(text));
    });
  });
  let account: WalletAccount;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = server.address();
    address = `http://127.0.0.1:${typeof at === 'object' ? at?.port : 0}`;
    account = on.accountWith({
      settings: { gateway: `${address}/gateway/api`, file_gateway: `${address}/` },
    });
  });
  afterAll(() => server.close());

  const paid = (asked: Record<string, string>): Fields => ({
    ...asked,
    respCode: '00',
    origRespCode: '00',
    queryId: '951807261002324791038',
    txnAmt: AMOUNT.toString(),
    currencyCode: '156',
    traceTime: '1121093000',
  });
  const tell = (by: Issued, change: (said: Fields) => Fields = (said) => said) => {
    lie = async (asked) => encodeAnswer(await signed(by, change(paid(asked))));
  };
  const ask = () => on.wallet.queryPayment(account, on.reference);

  test('of UnionPay is believed', async () => {
    tell(genuine);
    expect(await ask()).toMatchObject({ kind: 'fact', fact: { state: 'paid', amount: AMOUNT } });
  });

  test.each(SIGNERS)('under a certificate %s decides nothing', async (_what, _reason, of) => {
    tell(await of());
    expect((await ask()).kind).toBe('unknown');
    expect((await on.wallet.createPayment(account, on.order())).kind).toBe('unknown');
    const refund = on.refundOf(1n, { wallet_transaction_id: '951807261002324791038' });
    expect((await on.wallet.refund(account, refund)).kind).toBe('unknown');
  });

  test.each<[string, Fields]>([
    ['of another order', { orderId: newWalletReference(0) }],
    ['of our number at another time', { txnTime: '20200101000000' }],
    ['of another merchant', { merId: '777290058110049' }],
    ['without an amount', { txnAmt: undefined }],
    ['with an amount that is none', { txnAmt: '12.34' }],
    ['without a code', { respCode: undefined }],
    ['of an undecided code', { respCode: '05' }],
    ['of a refund', { txnType: '04', orderId: newWalletReference(0) }],
  ])('%s, signed as it should be, is no fact', async (_what, change) => {
    tell(genuine, (said) => ({ ...said, ...change }));
    expect((await ask()).kind).toBe('unknown');
  });

  test.each<[string, (text: string) => string]>([
    ['with another amount', (text) => text.replace(`txnAmt=${AMOUNT}`, 'txnAmt=9')],
    ['with a second amount', (text) => `${text}&txnAmt=9`],
    ['without its signature', (text) => text.replace(/&signature=[^&]*/, '')],
    ['cut', (text) => text.slice(0, -40)],
    ['that is a page', () => '<html>busy</html>'],
    ['that is nothing', () => ''],
    ['of seventy thousand characters', (text) => `${text}&pad=${'x'.repeat(70_000)}`],
    ['of a thousand fields', () => Array.from({ length: 1000 }, (_, n) => `a${n}=1`).join('&')],
  ])('%s is no fact', async (_what, change) => {
    lie = async (asked) => change(encodeAnswer(await signed(genuine, paid(asked))));
    expect((await ask()).kind).toBe('unknown');
  });

  test('kept from yesterday does not answer for today’s order', async () => {
    let kept: string | undefined;
    lie = async (asked) => {
      kept ??= encodeAnswer(await signed(genuine, paid(asked)));
      return kept;
    };
    expect((await ask()).kind).toBe('fact');
    await on.renew();
    expect((await ask()).kind).toBe('unknown');
  });

  test('with a code of another order, or none that a phone knows, is not shown', async () => {
    const code = { qrCode: 'https://qr.95516.com/00010000/01' };
    tell(genuine, (said) => ({ ...said, ...code, orderId: newWalletReference(0) }));
    expect((await on.wallet.createPayment(account, on.order())).kind).toBe('unknown');
    tell(genuine, (said) => ({ ...said, qrCode: 'javascript:alert(1)' }));
    expect((await on.wallet.createPayment(account, on.order())).kind).toBe('unknown');
  });

  test('under a certificate that ran out is unknown until UnionPay renews it', async () => {
    await on.paid();
    const act = (name: string) =>
      on.world.sandbox.actions.find((one) => one.name === name)?.run({});
    await act('certificates/expire');
    expect((await on.wallet.queryPayment(on.account, on.reference)).kind).toBe('unknown');
    await act('certificates/rotate');
    expect((await on.wallet.queryPayment(on.account, on.reference)).kind).toBe('fact');
  });
});
