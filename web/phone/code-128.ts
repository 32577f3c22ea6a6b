/**
 * Code 128, as far as payer codes need it: digits, packed in pairs (set C), an odd one at the end
 * in set B. ISO/IEC 15417.
 */

/** Widths of bars and spaces in turn, for the values 0 to 106. */
const WIDTHS =
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 ' +
  '122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 ' +
  '321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 ' +
  '211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 ' +
  '213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 ' +
  '121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 ' +
  '241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 ' +
  '412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 ' +
  '211214 211232 2331112';
export const PATTERNS = WIDTHS.split(' ');

const TO_SET_B = 100;
const START_B = 104;
const START_C = 105;
const STOP = 106;
const MODULUS = 103;
/** Value of `0` in set B. */
const ZERO_IN_B = 16;

/** The values that stand for the digits, with start, check and stop. */
export function codeValues(digits: string): number[] {
  if (!/^\d{1,48}$/.test(digits)) throw new RangeError('1 to 48 digits');
  const pairs = digits.match(/\d\d/g) ?? [];
  const values = pairs.map(Number);
  if (digits.length % 2 === 1) {
    if (pairs.length > 0) values.push(TO_SET_B);
    values.push(ZERO_IN_B + Number(digits.at(-1)));
  }
  const start = pairs.length > 0 ? START_C : START_B;
  const sum = values.reduce((total, value, index) => total + value * (index + 1), start);
  return [start, ...values, sum % MODULUS, STOP];
}

export interface Bars {
  /** In modules, without quiet zones. */
  readonly width: number;
  /** Start and width of each dark bar. */
  readonly bars: readonly (readonly [number, number])[];
}

export function code128(digits: string): Bars {
  const bars: [number, number][] = [];
  let at = 0;
  for (const value of codeValues(digits)) {
    for (const [index, width] of [...(PATTERNS[value] ?? '')].entries()) {
      if (index % 2 === 0) bars.push([at, Number(width)]);
      at += Number(width);
    }
  }
  return { width: at, bars };
}
