/**
 * Two texts side by side: cut at line feeds and, in long lines, at `&`, aligned so that what is
 * the same stands in the same row, and the part that differs in a row marked to the character.
 */
export interface Row {
  readonly signed: Piece | null;
  readonly expected: Piece | null;
  readonly same: boolean;
}

/** Common start, what differs, common end. */
export interface Piece {
  readonly before: string;
  readonly changed: string;
  readonly after: string;
}

const MAX_SEGMENTS = 400;

export function alignedRows(signed: string, expected: string): Row[] {
  const left = segments(signed);
  const right = segments(expected);
  const rows: Row[] = [];
  let i = 0;
  let j = 0;
  for (const [a, b] of [...commonPairs(left, right), [left.length, right.length] as const]) {
    rows.push(...replaced(left.slice(i, a), right.slice(j, b)));
    const text = left[a];
    if (text !== undefined) rows.push({ signed: whole(text), expected: whole(text), same: true });
    i = a + 1;
    j = b + 1;
  }
  return rows;
}

/** Each segment keeps its end, so that joining them gives the text back. */
function segments(text: string): string[] {
  const all = text.match(/[^\n&]*(?:\n|&)|[^\n&]+$/g) ?? [];
  if (all.length <= MAX_SEGMENTS) return all;
  return [...all.slice(0, MAX_SEGMENTS - 1), all.slice(MAX_SEGMENTS - 1).join('')];
}

/** Indexes of a longest common subsequence. */
function commonPairs(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1;
  const length = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const next = (i + 1) * width + j;
      length[i * width + j] =
        a[i] === b[j]
          ? (length[next + 1] ?? 0) + 1
          : Math.max(length[next] ?? 0, length[i * width + j + 1] ?? 0);
    }
  }
  const pairs: [number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      pairs.push([i, j]);
      i += 1;
      j += 1;
    } else if ((length[(i + 1) * width + j] ?? 0) >= (length[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  return pairs;
}

function replaced(left: readonly string[], right: readonly string[]): Row[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const a = left[index];
    const b = right[index];
    return {
      signed: a === undefined ? null : piece(a, b ?? ''),
      expected: b === undefined ? null : piece(b, a ?? ''),
      same: false,
    };
  });
}

function whole(text: string): Piece {
  return { before: text, changed: '', after: '' };
}

function piece(text: string, other: string): Piece {
  const most = Math.min(text.length, other.length);
  let start = 0;
  while (start < most && text[start] === other[start]) start += 1;
  let end = 0;
  while (end < most - start && text.at(-1 - end) === other.at(-1 - end)) end += 1;
  return {
    before: text.slice(0, start),
    changed: text.slice(start, text.length - end),
    after: text.slice(text.length - end),
  };
}

/** One run of text: as it is, or a character that cannot be seen, by a sign and its name. */
export interface Run {
  readonly text: string;
  readonly name: string | null;
}

const SIGNS: Readonly<Record<string, readonly [string, string]>> = {
  '\n': ['⏎', 'LF'],
  '\r': ['␍', 'CR'],
  '\t': ['⇥', 'TAB'],
  ' ': ['·', 'SPACE'],
  '\u00a0': ['⍽', 'NBSP'],
  '\u3000': ['□', 'U+3000'],
  '\ufeff': ['◊', 'BOM'],
};
const UNSEEN = /[\s\p{Cc}\p{Cf}\u00a0\u3000]/u;

/** Splits at what the eye cannot tell apart. */
export function visibleRuns(text: string): Run[] {
  const runs: Run[] = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') runs.push({ text: plain, name: null });
    plain = '';
  };
  for (const char of text) {
    if (!UNSEEN.test(char)) {
      plain += char;
      continue;
    }
    flush();
    const code = `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    const [sign, name] = SIGNS[char] ?? ['�', code];
    runs.push({ text: sign, name });
  }
  flush();
  return runs;
}
