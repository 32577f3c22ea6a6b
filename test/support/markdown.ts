/** What the documents' test reads out of Markdown: enough for our own pages, no more. */
export interface Block {
  /** Line of its first line, from 1. */
  readonly line: number;
  readonly text: string;
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

export function blocksOf(text: string, language: string): Block[] {
  return [...text.matchAll(FENCE)]
    .filter(([, name]) => name === language)
    .map((match) => ({
      line: text.slice(0, match.index).split('\n').length + 1,
      text: (match[2] ?? '').trimEnd(),
    }));
}

/** The text without fenced blocks. */
export function proseOf(text: string): string {
  return text.replaceAll(FENCE, '');
}

/** Targets of links within the repository. */
export function linksOf(text: string): string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Anchors as GitHub makes them of headings. */
export function anchorsOf(text: string): Set<string> {
  const headings = [...proseOf(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, title]) => title ?? '');
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const ROOMS = 'src|web|test|docs|scripts|examples|bench';

/** Code spans that name a file or folder of this repository; `<…>` and `NNNN` mark forms. */
export function pathsIn(text: string): string[] {
  return [...proseOf(text).matchAll(new RegExp(`\`((?:${ROOMS})/[\\w./-]*)\``, 'g'))]
    .map(([, path]) => path ?? '')
    .filter((path) => !path.includes('NNNN'));
}

export interface NamedCommand {
  readonly program: 'npm' | 'hutong';
  readonly name: string;
  readonly options: readonly string[];
}

const COMMAND = /(?:npm (?:run )?|(?:npx )?(?<![\w/.-])hutong )([a-z][a-z:]*)((?: [-\w]+)*)/g;
/** What npm itself brings. */
const OF_NPM = new Set(['ci', 'install', 'init', 'pack', 'run']);

/** `npm …` and `hutong …` in code spans and shell blocks. */
export function commandsIn(text: string): NamedCommand[] {
  const spans = [...proseOf(text).matchAll(/`([^`\n]+)`/g)].map(([, span]) => span ?? '');
  const lines = blocksOf(text, 'sh').flatMap((block) => block.text.split('\n'));
  return [...spans, ...lines]
    .map((line) => line.replace(/#.*$/, ''))
    .flatMap((line) => [...line.matchAll(COMMAND)])
    .map((match) => ({
      program: match[0].startsWith('npm') ? ('npm' as const) : ('hutong' as const),
      name: match[1] ?? '',
      options: (match[2] ?? '').split(' ').filter((word) => word.startsWith('--') && word !== '--'),
    }))
    .filter(({ program, name }) => program === 'hutong' || !OF_NPM.has(name));
}
