import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../src/package-root.ts';
import { functionsOf, read, type SourceFile } from './support/source-text.ts';
import { complaintsAbout, folderComplaints } from './support/tidy-check.ts';

/** The rules of STYLE.md that a machine can hold (rule 23). */
const ROOMS = ['src', 'web', 'test', 'bench', 'examples', 'scripts'];
const MOST_LINES = 250;
const HARD_LIMIT = 400;

/** Files that grew beyond 250 lines. A number here may shrink or leave, never grow or join. */
const OVERSIZE: Readonly<Record<string, number>> = {
  'src/errors.ts': 321,
};

function sourceFiles(): SourceFile[] {
  const root = packageRoot();
  const list = spawnSync('git', ['ls-files', '-co', '--exclude-standard', ...ROOMS], {
    cwd: root,
    encoding: 'utf8',
  });
  const paths =
    list.status === 0 ? list.stdout.split('\n') : ROOMS.flatMap((room) => walk(root, room));
  return paths
    .filter((path) => /\.(ts|tsx|mjs)$/.test(path))
    .map((path) => ({ path, text: textOf(join(root, path)) }))
    .filter((file): file is SourceFile => file.text !== undefined);
}

/** Undefined for a file that git still lists but that was just removed. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A packed source without git. */
function walk(root: string, room: string): string[] {
  try {
    return readdirSync(join(root, room), { recursive: true }).map((name) => `${room}/${name}`);
  } catch {
    return [];
  }
}

const files = sourceFiles();

describe('the source', () => {
  test('was found', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  test('follows the style rules', () => {
    const said = files
      .flatMap(complaintsAbout)
      .concat(folderComplaints(files.map(({ path }) => path)))
      .map(({ path, line, rule, instead }) => `${path}:${line}: ${rule}; use ${instead}`);
    expect(said).toEqual([]);
  });

  test('is split at 250 lines, and what is longer only shrinks', () => {
    const tooLong: string[] = [];
    for (const { path, text } of files) {
      const lines = text.trimEnd().split('\n').length;
      // Tests grow by cases, not by complexity: they have the hard limit alone.
      const limit = /\.test\.tsx?$/.test(path) ? HARD_LIMIT : MOST_LINES;
      const allowed = Math.min(OVERSIZE[path] ?? limit, HARD_LIMIT);
      if (lines > allowed) tooLong.push(`${path}: ${lines} lines, at most ${allowed}: split it`);
    }
    expect(tooLong).toEqual([]);
  });

  test('the list of oversize files names only files that still are', () => {
    const length = new Map(
      files.map(({ path, text }) => [path, text.trimEnd().split('\n').length]),
    );
    const healed = Object.keys(OVERSIZE).filter((path) => (length.get(path) ?? 0) <= MOST_LINES);
    expect(healed).toEqual([]);
  });
});

/** What the rules say about one planted file. */
function rulesBrokenBy(path: string, text: string): string[] {
  return [...new Set(complaintsAbout({ path, text }).map(({ rule }) => rule))];
}

describe('the rules themselves', () => {
  test.each([
    ['no any', 'src/payments/x.ts', 'function f(a: any) {}'],
    ['no any', 'src/payments/x.ts', 'const a = b as any;'],
    ['no double cast without a reason', 'src/payments/x.ts', 'const a = b as unknown as Payment;'],
    ['no default export', 'src/payments/x.ts', 'export default 1;'],
    ['no barrels', 'src/payments/x.ts', "export * from './payment.ts';"],
    ['only the configuration reads the environment', 'src/http/x.ts', "process.env['HOME'];"],
    ['no NODE_ENV', 'src/cli/x.ts', "process.env['NODE_ENV'];"],
    ['money is never a float', 'src/ledger/x.ts', 'const n = Number(payment.amount);'],
    ['money is never a float', 'web/demo/x.ts', "parseFloat('1.1');"],
    ['no weak randomness', 'src/ids.ts', 'Math.random();'],
    ['business time is injected', 'src/payments/x.ts', 'const now = new Date();'],
    ['wallet words stay in the wallet rooms', 'src/payments/x.ts', 'row.out_trade_no;'],
    ['wallet words stay in the wallet rooms', 'src/http/x.ts', "const a = 'auth_code';"],
    ['columns are named', 'src/payments/queries.ts', 'sql`select * from payments`;'],
    ['the log speaks', 'src/http/x.ts', "console.log('x');"],
    ['no test is silenced', 'src/payments/x.test.ts', "test.only('x', () => {});"],
    ['protocols are pure', 'src/protocols/alipay/x.ts', "import { get } from 'node:http';"],
    ['protocols are pure', 'src/protocols/alipay/x.ts', "import { App } from '../../app.ts';"],
    ['wallets never import the sandbox', 'src/wallets/a/x.ts', "import '../../sandbox/x.ts';"],
    ['the sandbox never imports wallets', 'src/sandbox/a/x.ts', "import '../../wallets/x.ts';"],
    ['the vocabulary imports nothing', 'src/money.ts', "import { App } from './app.ts';"],
    ['a slice keeps its SQL to itself', 'src/refunds/x.ts', "import '../payments/queries.ts';"],
    ['the client stands alone', 'src/client/x.ts', "import { z } from 'zod';"],
    ['the product never imports tests', 'src/x.ts', "import '../test/support/database.ts';"],
    ['kebab-case names', 'src/payments/makePayment.ts', ''],
    ['a file has a name of its own', 'src/payments/utils.ts', ''],
    ['a file has a name of its own', 'src/payments/index.ts', ''],
    ['100 columns', 'src/payments/x.ts', `// ${'word '.repeat(20)}`],
    ['functions have at most 70 lines', 'src/x.ts', `function f() {${'\n  g();'.repeat(70)}\n}`],
    ['functions have at most 70 lines', 'src/x.ts', `const f = () => {${'\ng();'.repeat(70)}\n};`],
    [
      'functions have at most 70 lines',
      'src/x.ts',
      `class A {\n  async f(a: { b: 1 }): Promise<{ c: 1 }> {${'\n    g();'.repeat(70)}\n  }\n}`,
    ],
  ])('%s: refused in %s', (rule, path, text) => {
    expect(rulesBrokenBy(path, text)).toContain(rule);
  });

  test.each([
    ['src/payments/x.ts', "// Number(amount), any, process.env, new Date()\nconst a = 'any';"],
    ['src/payments/x.ts', "const many = { any: 1 };\nimport './queries.ts';"],
    ['src/config.ts', 'process.env;'],
    ['src/http/x.ts', '// The type was checked above.\nconst a = b as unknown as Payment;'],
    ['src/clock.ts', 'new Date();'],
    ['src/wallets/alipay/x.ts', "const body = { out_trade_no: '1' };"],
    ['src/wallets/alipay/x.test.ts', "import { start } from '../../sandbox/alipay/x.ts';"],
    ['src/payments/x.ts', `fail('${'a long sentence '.repeat(7)}');`],
    ['src/payments/x.ts', `function f() {\n${'  function g() {\n  }\n'.repeat(40)}}`],
    ['src/x.tsx', `const a = <p>{b}</p>;\nconst c = <i title="//" />;\n${'d();\n'.repeat(80)}`],
  ])('nothing to say about %s (%#)', (path, text) => {
    expect(rulesBrokenBy(path, text)).toEqual([]);
  });

  test('count files and levels of folders', () => {
    const many = Array.from({ length: 16 }, (_, index) => `src/payments/verb-${index}.ts`);
    expect(folderComplaints(many)).toHaveLength(1);
    expect(folderComplaints(many.slice(1))).toHaveLength(0);
    expect(folderComplaints(['src/a/b/c/d/e.ts'])).toHaveLength(1);
  });

  test('read code past strings, templates, expressions and comments', () => {
    const text = 'const a = `x ${f({ b: "}" })} y`; // }\nconst r = /[/{]/.test(c) / 2; /* { */';
    const { code } = read(text);
    expect(code).not.toMatch(/x|y|\}" |\/\//);
    expect(code).toContain('f({ b: "');
    expect(code.split('{')).toHaveLength(3);
    expect(functionsOf(read('function f(): { a: 1 } {\n}\n').code)).toEqual([
      { line: 1, lines: 2 },
    ]);
  });
});
