import { createHash, generateKeyPairSync } from 'node:crypto';
import { SIGNATURE_PROBE } from '../../src/protocols/wechat-pay/signature.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';
import {
  type Attack,
  contentAttack,
  envelopeAttack,
  fieldAttack,
  headerAttack,
  set,
  shifted,
  withBody,
  withHeaders,
  without,
} from './attack.ts';

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

/** The same every time: some noise happens to have the form of a message. */
const NOISE = createHash('shake256', { outputLength: 900 }).update('noise').digest();

const EVERYWHERE: readonly Attack[] = [
  {
    name: 'is signed with a key of nobody',
    reason: 'signature',
    forge: (voice, said) => voice.letter(said, { key: stranger }),
  },
  {
    name: 'is signed with our own key',
    reason: 'signature',
    forge: (voice, said) => voice.letter(said, { key: voice.merchant_key }),
  },
  {
    name: 'is cut short',
    reason: 'signature',
    forge: async (voice, said) => {
      const letter = await voice.letter(said);
      return withBody(letter, letter.body.subarray(0, letter.body.length - 40));
    },
  },
  {
    name: 'has no body',
    reason: 'signature',
    forge: async (voice, said) => withBody(await voice.letter(said), ''),
  },
  {
    name: 'is noise under a genuine head',
    reason: 'signature',
    forge: async (voice, said) => withBody(await voice.letter(said), NOISE),
  },
  {
    name: 'is forged and called something else than it is',
    reason: 'signature',
    forge: async (voice, said) =>
      withHeaders(await voice.letter(said, { key: stranger }), { 'content-type': 'text/html' }),
  },
];

/** Lies about a letter that is signed in headers and sealed, as two of the wallets do. */
const sealedLies = (head: 'Wechatpay' | 'Douyinpay'): readonly Attack[] => [
  {
    name: 'is unsigned',
    reason: 'signature',
    forge: async (voice, said) => ({
      headers: { 'content-type': 'application/json' },
      body: (await voice.letter(said)).body,
    }),
  },
  headerAttack(
    'is a signature probe',
    `${head}-Signature`,
    `${SIGNATURE_PROBE}${'A'.repeat(300)}`,
    'signature',
  ),
  headerAttack(
    'has a signature that is no base64',
    `${head}-Signature`,
    '%%%not-base64%%%',
    'signature',
  ),
  headerAttack('has a signature of four bytes', `${head}-Signature`, 'AAAA', 'signature'),
  headerAttack('has another nonce than was signed', `${head}-Nonce`, 'A'.repeat(32), 'signature'),
  headerAttack('has another time than was signed', `${head}-Timestamp`, '1700000000', 'signature'),
  headerAttack('has a time that is none', `${head}-Timestamp`, '1e9', 'signature'),
  headerAttack('names an unknown key', `${head}-Serial`, 'PUB_KEY_ID_0000', 'unknown_key'),
  headerAttack('names the prototype as its key', `${head}-Serial`, '__proto__', 'unknown_key'),
  {
    name: 'was changed after it was signed',
    reason: 'signature',
    forge: async (voice, said) => {
      const letter = await voice.letter(said);
      const text = letter.body.toString('utf8');
      return withBody(letter, text.replace('TRANSACTION.SUCCESS', 'TRANSACTION.SUCCESs'));
    },
  },
  {
    name: 'has a blank more than was signed',
    reason: 'signature',
    forge: async (voice, said) => {
      const letter = await voice.letter(said);
      return withBody(letter, `${letter.body.toString('utf8')} `);
    },
  },
  {
    name: 'was signed more than five minutes ago',
    reason: 'stale',
    forge: (voice, said) => voice.letter(said, { signed_at: shifted(-310) }),
  },
  {
    name: 'will be signed in more than five minutes',
    reason: 'stale',
    forge: (voice, said) => voice.letter(said, { signed_at: shifted(310) }),
  },
  {
    name: 'is sealed with another APIv3 key',
    reason: 'decrypt',
    forge: (voice, said) => voice.letter(said, { api_v3_key: '0'.repeat(32) }),
  },
  envelopeAttack('names another associated data', 'decrypt', (text) =>
    text.replace('"associated_data":"transaction"', '"associated_data":"refund"'),
  ),
  envelopeAttack('names another algorithm', 'decrypt', (text) =>
    text.replace('AEAD_AES_256_GCM', 'AEAD_AES_128_GCM'),
  ),
  envelopeAttack('is signed, but no JSON', 'malformed', (text) => text.slice(0, -1)),
  envelopeAttack('is signed, but a list', 'malformed', (text) => `[${text}]`),
  envelopeAttack('is signed, but has no resource', 'malformed', () => '{"id":"EV-1"}'),
  contentAttack('names no transaction', 'malformed', without('transaction_id')),
  contentAttack('names no amount', 'malformed', without('amount')),
  contentAttack('is in a state nobody knows', 'malformed', set('trade_state', 'PAID')),
  contentAttack('is in a state of every object', 'malformed', set('trade_state', 'toString')),
  contentAttack('has half a fen', 'malformed', set('amount', { total: 0.5, currency: 'CNY' })),
  contentAttack('has its amount as text', 'malformed', set('amount', { total: '6900' })),
  contentAttack('is about another merchant', 'wrong_account', set('mchid', '1900000099')),
  contentAttack('is about no merchant', 'wrong_account', without('mchid')),
  contentAttack('is about another app', 'wrong_account', set('appid', 'wx0123456789abcdef')),
];

const ALIPAY: readonly Attack[] = [
  fieldAttack('is unsigned', 'sign', undefined),
  fieldAttack('has an empty signature', 'sign', ''),
  fieldAttack('has a signature that is no base64', 'sign', '%%%not-base64%%%'),
  fieldAttack('has an endless signature', 'sign', 'A'.repeat(8_000)),
  fieldAttack('is signed the old way', 'sign_type', 'RSA'),
  fieldAttack('does not say how it is signed', 'sign_type', undefined),
  fieldAttack('has its amount changed after it was signed', 'total_amount', '0.01'),
  fieldAttack('has its order changed after it was signed', 'out_trade_no', 'ORDER1'),
  fieldAttack('has a field more than was signed', 'passback_params', 'x'),
  {
    name: 'says two things at once',
    reason: 'malformed',
    forge: async (voice, said) => {
      const letter = await voice.letter(said);
      return withBody(letter, `${letter.body.toString('utf8')}&total_amount=0.01`);
    },
  },
  contentAttack('names no trade', 'malformed', without('trade_no')),
  contentAttack('names no order', 'malformed', without('out_trade_no')),
  contentAttack('names no amount', 'malformed', without('total_amount')),
  contentAttack('is in a state nobody knows', 'malformed', set('trade_status', 'TRADE_PAID')),
  contentAttack('has a tenth of a fen', 'malformed', set('total_amount', '0.001')),
  contentAttack('has its amount in powers of ten', 'malformed', set('total_amount', '1e3')),
  contentAttack('is about another merchant', 'wrong_account', set('seller_id', '2088000000000000')),
  contentAttack('is about no merchant', 'wrong_account', without('seller_id')),
  contentAttack('is about another app', 'wrong_account', set('app_id', '2021000000000000')),
];

const UNION_PAY: readonly Attack[] = [
  fieldAttack('is unsigned', 'signature', undefined),
  fieldAttack('has an empty signature', 'signature', ''),
  fieldAttack('has a signature that is no base64', 'signature', '%%%not-base64%%%'),
  fieldAttack('has an endless signature', 'signature', 'A'.repeat(8_000)),
  fieldAttack('has its amount changed after it was signed', 'txnAmt', '1'),
  fieldAttack('has its order changed after it was signed', 'orderId', 'ORDER001'),
  fieldAttack('has a field more than was signed', 'reqReserved', 'x'),
  {
    name: 'says two things at once',
    reason: 'malformed',
    forge: async (voice, said) => {
      const letter = await voice.letter(said);
      return withBody(letter, `${letter.body.toString('utf8')}&txnAmt=1`);
    },
  },
  contentAttack('carries no certificate', 'unknown_key', without('signPubKeyCert')),
  contentAttack('carries noise for a certificate', 'unknown_key', set('signPubKeyCert', 'MIIB')),
  contentAttack('names no trade', 'malformed', without('queryId')),
  contentAttack('names no order', 'malformed', without('orderId')),
  contentAttack('names no amount', 'malformed', without('txnAmt')),
  contentAttack('has half a fen', 'malformed', set('txnAmt', '6900.5')),
  contentAttack('has its amount in powers of ten', 'malformed', set('txnAmt', '1e3')),
  contentAttack('has a negative amount', 'malformed', set('txnAmt', '-6900')),
  contentAttack('is about another merchant', 'wrong_account', set('merId', '777290058110099')),
  contentAttack('is about no merchant', 'wrong_account', without('merId')),
];

export const ATTACKS: Readonly<Record<WalletName, readonly Attack[]>> = {
  wechat_pay: [...EVERYWHERE, ...sealedLies('Wechatpay')],
  alipay: [...EVERYWHERE, ...ALIPAY],
  union_pay: [...EVERYWHERE, ...UNION_PAY],
  douyin_pay: [...EVERYWHERE, ...sealedLies('Douyinpay')],
};
