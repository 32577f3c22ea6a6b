import {
  functionsOf,
  type Import,
  importsOf,
  linesWith,
  type Readings,
  read,
  resolveImport,
  type SourceFile,
} from './source-text.ts';
import { BANS, DIRECTIONS, folderOf, isTest, product } from './tidy-rules.ts';

/** One broken rule of STYLE.md, with what to do instead. */
export interface Complaint {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly instead: string;
}

const MOST_COLUMNS = 100;
const MOST_COLUMNS_WITH_STRING = 170;
const MOST_FUNCTION_LINES = 70;

/** Every broken rule in one file. */
export function complaintsAbout(file: SourceFile): Complaint[] {
  const { path, text } = file;
  const readings = read(text);
  const sources = { ...readings, text };
  const found: Complaint[] = [...nameComplaints(path)];
  for (const ban of BANS) {
    if (!ban.where(path)) continue;
    for (const line of linesWith(sources[ban.reading], ban.pattern)) {
      found.push({ rule: ban.rule, path, line, instead: ban.instead });
    }
  }
  for (const { from, line } of importsOf(readings.code_and_strings)) {
    found.push(...importComplaints(path, { from, line }));
  }
  found.push(...sizeComplaints(path, text, readings));
  return found;
}

function nameComplaints(path: string): Complaint[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const found: Complaint[] = [];
  const add = (rule: string, instead: string) => found.push({ rule, path, line: 1, instead });
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench|config))?\.(ts|tsx|mjs)$/.test(name)) {
    add('kebab-case names', 'lower-case words with hyphens');
  }
  if (/^(index|utils?|helpers?|common|misc|shared-utils)\.(ts|tsx)$/.test(name)) {
    add('a file has a name of its own', 'the noun or verb it holds');
  }
  return found;
}

function importComplaints(path: string, { from, line }: Import): Complaint[] {
  const target = resolveImport(path, from);
  return DIRECTIONS.filter((way) => way.from(path) && !way.allowed(target, path)).map((way) => ({
    rule: way.rule,
    path,
    line,
    instead: `${way.instead} (imports ${from})`,
  }));
}

function sizeComplaints(path: string, text: string, { code, code_and_strings }: Readings) {
  const found: Complaint[] = [];
  const codeLines = code.split('\n');
  const withStrings = code_and_strings.split('\n');
  for (const [index, line] of text.split('\n').entries()) {
    if (/https?:\/\//.test(line) || path === 'src/errors.ts') continue;
    // The formatter cannot break a string, so a line that carries one may be longer.
    const inString = visible(withStrings[index] ?? '') - visible(codeLines[index] ?? '');
    if (line.length <= (inString >= 20 ? MOST_COLUMNS_WITH_STRING : MOST_COLUMNS)) continue;
    found.push({ rule: '100 columns', path, line: index + 1, instead: 'a line break' });
  }
  for (const { line, lines: length } of functionsOf(code)) {
    // A describe block is a chapter, not a function.
    if (length <= MOST_FUNCTION_LINES || isTest(path)) continue;
    found.push({
      rule: 'functions have at most 70 lines',
      path,
      line,
      instead: `pure leaves (this one has ${length})`,
    });
  }
  return found;
}

function visible(line: string): number {
  return line.replaceAll(' ', '').length;
}

const MOST_FILES = 15;
const MOST_LEVELS = 3;

/** Rules about folders: how many files, how deep. */
export function folderComplaints(paths: readonly string[]): Complaint[] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    if (!product(path)) continue;
    const folder = folderOf(path);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const found: Complaint[] = [];
  for (const [folder, count] of counts) {
    if (count > MOST_FILES && folder !== 'src/') {
      found.push({
        rule: `at most ${MOST_FILES} files a folder`,
        path: folder,
        line: 1,
        instead: `a folder for what belongs together (${count} files)`,
      });
    }
    if (folder.split('/').length - 2 > MOST_LEVELS) {
      found.push({ rule: 'three levels', path: folder, line: 1, instead: 'a flatter tree' });
    }
  }
  return found;
}
