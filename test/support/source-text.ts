/** Just enough reading of TypeScript for the style rules; TypeScript 7 offers no parser to us. */
export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Which parts of a line are blanked out: both forms keep every line at its number and length. */
export interface Readings {
  /** Without comments. */
  readonly code_and_strings: string;
  /** Without comments and without what stands inside string and regular expression literals. */
  readonly code: string;
}

/** A slash is division, or the end of a JSX tag, behind anything else. */
const BEFORE_REGEX = /(?:=>|[=(,:;!&|?{[+*%~^-]|\b(?:return|typeof|case|in|of))$/;

/** Blanks comments and literals. Template literals are literals, their `${}` parts code. */
export function read(text: string): Readings {
  const kept: string[] = [];
  const code: string[] = [];
  const blank = (part: string) => part.replace(/[^\n]/g, ' ');
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const literal = (part: string) => {
    kept.push(part);
    code.push(part.length < 2 ? part : part[0] + blank(part.slice(1, -1)) + part.at(-1));
    at += part.length;
  };
  while (at < text.length) {
    const rest = text.slice(at, at + 2);
    const char = rest.charAt(0);
    if (rest === '//' || rest === '/*') {
      const part = rest === '//' ? upTo(text, at, '\n', 0) : upTo(text, at + 2, '*/', 2, at);
      kept.push(blank(part));
      code.push(blank(part));
      at += part.length;
    } else if (char === "'" || char === '"') {
      literal(quoted(text, at, char));
    } else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      const part = templatePart(text, at);
      literal(part);
      if (part.endsWith('${')) templates.push(depth);
    } else if (char === '/' && BEFORE_REGEX.test(lastCode(code))) {
      literal(regex(text, at));
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      kept.push(char);
      code.push(char);
      at += 1;
    }
  }
  return { code_and_strings: kept.join(''), code: code.join('') };
}

function upTo(text: string, from: number, end: string, extra: number, start = from): string {
  const found = text.indexOf(end, from);
  return text.slice(start, found < 0 ? text.length : found + extra);
}

function quoted(text: string, start: number, quote: string): string {
  let at = start + 1;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return text.slice(start, at + 1);
}

/** From a backquote or a closing brace to the next `${` or the closing backquote. */
function templatePart(text: string, start: number): string {
  let at = start + 1;
  while (at < text.length) {
    if (text[at] === '`') return text.slice(start, at + 1);
    if (text[at] === '$' && text[at + 1] === '{') return text.slice(start, at + 2);
    at += text[at] === '\\' ? 2 : 1;
  }
  return text.slice(start);
}

function regex(text: string, start: number): string {
  let at = start + 1;
  let inClass = false;
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '[') inClass = true;
    if (text[at] === ']') inClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  return text.slice(start, at + 1);
}

function lastCode(code: readonly string[]): string {
  return code.slice(-80).join('').trimEnd();
}

/** Line numbers (from 1) on which `pattern` (global) matches. */
export function linesWith(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => lineAt(text, match.index));
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

export interface Import {
  readonly line: number;
  readonly from: string;
}

/** Static and dynamic imports and re-exports, as written. */
export function importsOf(text: string): Import[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)'([^'\n]+)'/g;
  return [...text.matchAll(pattern)].map((match) => ({
    line: lineAt(text, match.index),
    from: match[1] ?? '',
  }));
}

/** A relative import as a path from the root; a package's name stays as it is. */
export function resolveImport(path: string, from: string): string {
  if (!from.startsWith('.')) return from;
  const parts = path.split('/').slice(0, -1);
  for (const part of from.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

export interface FunctionSpan {
  readonly line: number;
  readonly lines: number;
}

/** `function f(`, `=> {`, and a method at a class's indentation, `  async f<T>(`. */
const OPENERS = new RegExp(
  [
    /\bfunction\b[^(;{]*\(/,
    /=>\s*\{/,
    /^ {2}(?:[a-z]+ )*\*?#?(?!if|for|while|switch|catch)\w+(?:<[^(]*>)?\(/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gm',
);
const PAIRS: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

/**
 * Functions, methods and arrow bodies, with their number of lines that hold code, both braces
 * included; functions declared inside count for themselves and not for the one around them.
 */
export function functionsOf(code: string): FunctionSpan[] {
  const found: { start: number; end: number; declared: boolean }[] = [];
  for (const match of code.matchAll(OPENERS)) {
    const text = match[0];
    const last = match.index + text.length - 1;
    const arrow = text.startsWith('=>');
    const body = arrow ? last : bodyAfter(code, last);
    if (body === undefined) continue;
    const first = code.slice(match.index).search(/\S/) + match.index;
    const declared = /\bfunction\b/.test(text);
    found.push({ start: arrow ? body : first, end: closing(code, body), declared });
  }
  return found.map(({ start, end }) => {
    const inner = found.filter((other) => other.declared && other.start > start && other.end < end);
    const outermost = inner.filter(
      (one) => !inner.some((other) => other.start < one.start && other.end > one.end),
    );
    const lines = (from: number, to: number) =>
      code
        .slice(from, to + 1)
        .split('\n')
        .filter((line) => line.trim() !== '').length;
    const declaredInside = outermost.reduce((sum, one) => sum + lines(one.start, one.end), 0);
    return { line: lineAt(code, start), lines: lines(start, end) - declaredInside };
  });
}

/** The `{` of the body behind a parameter list; undefined for calls, overloads and types. */
function bodyAfter(code: string, parameters: number): number | undefined {
  let at = closing(code, parameters) + 1;
  while (at < code.length) {
    const char = code[at] ?? '';
    if (char === '{' && !/[:|&<,]$/.test(code.slice(0, at).trimEnd().slice(-1))) return at;
    if (char in PAIRS) at = closing(code, at);
    else if (!/[\s\w:<>|&.,'"=]/.test(char)) return undefined;
    at += 1;
  }
  return undefined;
}

function closing(code: string, open: number): number {
  const opener = code[open] ?? '';
  const closer = PAIRS[opener];
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    if (code[at] === opener) depth += 1;
    else if (code[at] === closer) depth -= 1;
    if (depth === 0) return at;
  }
  return code.length - 1;
}
