import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { referencePages } from '../scripts/reference/pages.ts';
import { environment } from '../src/config.ts';
import { packageRoot } from '../src/package-root.ts';
import { anchorsOf, blocksOf, commandsIn, linksOf, pathsIn, proseOf } from './support/markdown.ts';

/** Documents say what the code does today: links, samples, commands, settings, the reference. */
const root = packageRoot();
const PLACES = ['.', 'docs', 'docs/guides', 'docs/decisions', 'docs/reference', 'examples/shop'];
const pages = PLACES.flatMap((place) =>
  readdirSync(join(root, place))
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({
      path: join(place, name),
      text: readFileSync(join(root, place, name), 'utf8'),
    })),
);
const written = pages.filter(({ path }) => !path.startsWith('docs/reference'));

/** One line per complaint: `page: what`. */
function complaints(of: typeof pages, find: (text: string, path: string) => readonly string[]) {
  return of.flatMap(({ path, text }) => find(text, path).map((what) => `${path}: ${what}`));
}

describe('the documents', () => {
  test('were found', () => {
    expect(pages.map(({ path }) => path)).toContain('README.md');
    expect(written.length).toBeGreaterThan(15);
  });

  test('link to files and headings that are there', () => {
    const broken = complaints(pages, (text, path) =>
      linksOf(text).filter((link) => {
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : join(dirname(path), file);
        if (!existsSync(join(root, target))) return true;
        if (anchor === undefined) return false;
        return !anchorsOf(readFileSync(join(root, target), 'utf8')).has(anchor);
      }),
    );
    expect(broken).toEqual([]);
  });

  test('name files of the repository that are there', () => {
    const missing = complaints(written, (text) =>
      pathsIn(text).filter((path) => !existsSync(join(root, path))),
    );
    expect(missing).toEqual([]);
  });

  test('name settings that the configuration has', () => {
    const known = new Set(Object.keys(environment.shape));
    const unknown = complaints(pages, (text) =>
      [...text.matchAll(/\bHUTONG_[A-Z_]+\b/g)].map(([name]) => name).filter((n) => !known.has(n)),
    );
    expect(unknown).toEqual([]);
  });
});

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
}

describe('the commands in the documents', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const sources = [join(root, 'src', 'main.ts'), join(root, 'test', 'simulation', 'main.ts')]
    .concat(filesIn(join(root, 'src', 'cli')))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  const declared = new Set([...sources.matchAll(/\.command\('([a-z]+)/g)].map(([, name]) => name));

  test('are scripts of the package, or commands of hutong', () => {
    const unknown = complaints(pages, (text) =>
      commandsIn(text).flatMap(({ program, name, options }) => {
        const there = program === 'npm' ? Object.hasOwn(scripts, name) : declared.has(name);
        const strange = options.filter((option) => !sources.includes(`'${option}`));
        return there && strange.length === 0 ? [] : [`${program} ${name} ${strange.join(' ')}`];
      }),
    );
    expect(unknown).toEqual([]);
  });

  test('run files that are there', () => {
    const missing = complaints(written, (text) =>
      [...text.matchAll(/(?:node --import tsx|npx vitest run) ([\w-]+\/[\w./-]+)/g)]
        .map(([, path]) => path ?? '')
        .filter((path) => !existsSync(join(root, path))),
    );
    expect(missing).toEqual([]);
  });

  test('of the README are those that CI runs', () => {
    const readme = pages.find(({ path }) => path === 'README.md')?.text ?? '';
    const ci = readFileSync(join(root, '.ci', 'run'), 'utf8');
    const [command = 'none'] = /^npm ci && npm .+$/m.exec(ci) ?? [];
    expect(blocksOf(readme, 'sh').map((block) => block.text.trim())).toContain(command);
  });
});

describe('the samples', () => {
  const folder = join(root, '.cache', 'docs-samples');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Writes one file per sample and answers the compiler's complaints about them. */
  function typeErrors(samples: readonly { readonly name: string; readonly text: string }[]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const { name, text } of samples) {
      writeFileSync(join(folder, name), `${text}\nexport {};\n`);
    }
    const config = {
      extends: relative(folder, join(root, 'tsconfig.json')),
      compilerOptions: { noUnusedLocals: false },
      include: ['*.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const result = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    return result.stdout.split('\n').filter((line) => line !== '');
  }

  test('type-check as they stand', () => {
    const samples = written.flatMap(({ path, text }) =>
      blocksOf(text, 'ts').map((block) => ({
        name: `${path.replaceAll(/[/.]/g, '-')}-line-${block.line}.ts`,
        text: block.text,
      })),
    );
    expect(samples.length).toBeGreaterThan(5);
    expect(typeErrors(samples)).toEqual([]);
  });

  test('would be refused with a mistake in them', () => {
    const text = "import { createClient } from 'hutong/client';\ncreateClient({ base: 1 });";
    expect(typeErrors([{ name: 'wrong.ts', text }])).not.toEqual([]);
  });
});

describe('the reference', () => {
  const today = referencePages();

  test.each([...today])('%s is what the code says today', (path, write) => {
    const file = join(root, path);
    const said = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const hint = 'run: node --import tsx scripts/reference.ts';
    expect(said === write() ? 'current' : `${path} is stale; ${hint}`).toBe('current');
  });

  test('has no page that nothing generates', () => {
    const there = readdirSync(join(root, 'docs', 'reference')).map((n) => `docs/reference/${n}`);
    expect(there.filter((path) => !today.has(path))).toEqual([]);
  });
});

describe('the reading of Markdown', () => {
  const text = [
    '# A `title`: here',
    'See [one](a.md#x), [two](https://example.com) and `src/a/b.ts`, `npm run nothing`.',
    '```sh',
    'npm start # [no](link.md)',
    'npx hutong demo --times 2',
    '```',
    '```ts',
    'const a = 1;',
    '```',
  ].join('\n');

  test('finds links, paths, commands and samples, and nothing else', () => {
    expect(linksOf(text)).toEqual(['a.md#x']);
    expect(pathsIn(text)).toEqual(['src/a/b.ts']);
    expect(commandsIn(text)).toEqual([
      { program: 'npm', name: 'nothing', options: [] },
      { program: 'npm', name: 'start', options: [] },
      { program: 'hutong', name: 'demo', options: ['--times'] },
    ]);
    expect(blocksOf(text, 'ts')).toEqual([{ line: 8, text: 'const a = 1;' }]);
    expect([...anchorsOf(text)]).toEqual(['a-title-here']);
    expect(proseOf(text)).not.toContain('const a');
  });
});
