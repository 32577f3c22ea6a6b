import { gzipSync } from 'node:zlib';
import { type Dice, hostileValue, jsonOf } from '../fuzz-values.ts';
import type { Maker } from './requests.ts';

const HEADER_TEXTS = [
  '',
  ' ',
  ',',
  '"',
  '="',
  'é',
  '\u00ff\u00fe',
  'x'.repeat(9_000),
  '='.repeat(3_000),
  '","'.repeat(900),
  'null',
  '__proto__="a"',
  '\t',
] as const;

function strangeHeader(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1);
  switch (dice.below(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + dice.pick(HEADER_TEXTS) + text.slice(at);
    case 2:
      return `${text},${text}`;
    case 3:
      return text.replace(/"[^"]*"/, '"\u00e9"');
    case 4:
      return text.replace(
        /\d{10,13}/,
        dice.pick(['0', '1e400', '-1', '9'.repeat(400), 'NaN'] as const),
      );
    default:
      return dice.pick(HEADER_TEXTS);
  }
}

/** Bytes that a form, a JSON text or a file is not. */
function strangeBytes(dice: Dice, body: Buffer): Buffer {
  const text = body.toString('latin1');
  const name = dice.pick([
    'method',
    'sign',
    'merId',
    'biz_content',
    '__proto__',
    'app_id',
    'signature',
  ] as const);
  switch (dice.below(11)) {
    case 0:
      return Buffer.from(`${text}&${name}=1&${name}=2`);
    case 1:
      return Buffer.from(text.replaceAll('%', () => (dice.chance(0.2) ? '%%zz%' : '%')));
    case 2:
      return Buffer.concat([body, Buffer.from([0x26, 0xb2, 0xe8, 0x3d, 0xb2, 0xe8, 0x81, 0xff])]);
    case 3:
      return Buffer.concat([body.subarray(0, dice.below(body.length + 1)), Buffer.alloc(9), body]);
    case 4:
      return Buffer.from(`${name}=${'A'.repeat(60_000)}`);
    case 5:
      return Buffer.from(Array.from({ length: 4_000 }, (_, nth) => `p${nth}=1`).join('&'));
    case 6:
      return gzipSync(body);
    case 7:
      return Buffer.from(`${'[{"a":'.repeat(9_000)}`);
    case 8:
      return Buffer.from(jsonOf(hostileValue(dice)), 'utf16le');
    case 9:
      return Buffer.alloc(90_000, dice.below(256));
    default:
      return dice.bytes(dice.below(2_000));
  }
}

/** The same calls after somebody without a key has had them: most are refused at the door. */
export function spoiledMaker(make: Maker): Maker {
  return async (dice, nth) => {
    const sent = await make(dice, nth);
    const { authorization: given = '', ...others } = sent.headers;
    const headers: Record<string, string> = { ...others };
    if (given !== '')
      headers['authorization'] = dice.chance(0.6) ? strangeHeader(dice, given) : given;
    if (dice.chance(0.2))
      headers['content-type'] = dice.pick([
        '',
        'text/xml',
        'multipart/form-data',
        'application/json; charset=gbk',
        `multipart/form-data; boundary=${'b'.repeat(200)}`,
        'a'.repeat(4_000),
      ] as const);
    if (dice.chance(0.1)) headers['content-encoding'] = 'gzip';
    const methods = [
      'HEAD',
      'OPTIONS',
      'PUT',
      'DELETE',
      'PATCH',
      'TRACE',
      'PROPFIND',
      'LOCK',
    ] as const;
    const method = dice.chance(0.15) ? dice.pick(methods) : sent.method;
    const body = dice.chance(0.6) ? strangeBytes(dice, sent.body) : sent.body;
    const target = dice.chance(0.15)
      ? `${sent.target}${dice.pick(['?', '&x=%', '/../..', '%00', '//', ';a', '#b'] as const)}`
      : sent.target;
    return { method, target, headers, body };
  };
}
