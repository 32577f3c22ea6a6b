import type { Readings } from './source-text.ts';

/** The tables of `tidy-check.ts`: what STYLE.md bans where, and who may import whom. */
export interface Ban {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly reading: keyof Readings | 'text';
  readonly where: (path: string) => boolean;
  readonly instead: string;
}

export const isTest = (path: string) =>
  /(\.test|\/testing)\.tsx?$/.test(path) || path.startsWith('test/');
const isServer = (path: string) => path.startsWith('src/') && !isTest(path);
const isBrowser = (path: string) => path.includes('/browser/');
const isCommand = (path: string) => path === 'src/main.ts' || path.startsWith('src/cli/');
const isWalletRoom = (path: string) => /^src\/(protocols|wallets|sandbox)\/[a-z-]+\//.test(path);
export const product = (path: string) =>
  isServer(path) || (path.startsWith('web/') && !isTest(path));

export const BANS: readonly Ban[] = [
  {
    rule: 'no any',
    pattern: /[:<|&,(]\s*any\b(?!\s*[:(=])|\bas any\b|\bany\[\]/g,
    reading: 'code',
    where: () => true,
    instead: 'unknown, and parse it',
  },
  {
    // A comment on the line above gives the reason.
    rule: 'no double cast without a reason',
    pattern: /(?<!\/\/[^\n]*\n[^\n]*)\bas unknown as\b/g,
    reading: 'text',
    where: product,
    instead: 'a parser, or a type that fits',
  },
  {
    rule: 'no default export',
    pattern: /\bexport default\b/g,
    reading: 'code',
    where: (path) => path !== 'vitest.config.ts' && path !== 'test/support/global-setup.ts',
    instead: 'a named export',
  },
  {
    rule: 'no barrels',
    pattern: /\bexport \*/g,
    reading: 'code',
    where: () => true,
    instead: 'an import from the file that has it',
  },
  {
    rule: 'only the configuration reads the environment',
    pattern: /\bprocess\.env\b/g,
    reading: 'code',
    where: (path) => product(path) && path !== 'src/config.ts' && !isCommand(path),
    instead: 'a member of Config',
  },
  {
    rule: 'no NODE_ENV',
    pattern: /\bNODE_ENV\b/g,
    reading: 'code_and_strings',
    where: (path) => !path.startsWith('test/'),
    instead: 'config.mode',
  },
  {
    rule: 'money is never a float',
    pattern: /(?<![.\w])Number\([^()]*amount|\bparseFloat\(|\.toFixed\(/gi,
    reading: 'code',
    where: (path) => product(path) && !isWalletRoom(path) && path !== 'src/payments/render.ts',
    instead: 'bigint; amountOnWire for JSON, toYuan for people',
  },
  {
    rule: 'no weak randomness',
    pattern: /\bMath\.random\b/g,
    reading: 'code',
    where: (path) =>
      product(path) && !['src/sandbox/faults.ts', 'src/jobs/backoff.ts'].includes(path),
    instead: 'randomBytes or randomInt of node:crypto',
  },
  {
    rule: 'business time is injected',
    pattern: /(?<!\breal: \(\) => )\bnew Date\(\s*\)/g,
    reading: 'code',
    where: (path) => isServer(path) && path !== 'src/clock.ts',
    instead: 'clock.now(), or clock.real()',
  },
  {
    rule: 'wallet words stay in the wallet rooms',
    pattern:
      /\b(?:out_trade_no|out_refund_no|auth_code|trade_no|jsapi|prepay_id|code_url|biz_content|buyer_id)\b/gi,
    reading: 'code_and_strings',
    where: (path) => product(path) && !isWalletRoom(path),
    instead: 'our own word (wallet_reference, payer code…)',
  },
  {
    rule: 'columns are named',
    pattern: /\bselect\s+\*\s+from\s+(?!\(|unnest)/gi,
    reading: 'code_and_strings',
    where: isServer,
    instead: 'the columns',
  },
  {
    rule: 'the log speaks',
    pattern: /\bconsole\.\w+\(/g,
    reading: 'code',
    where: (path) => product(path) && !isBrowser(path),
    instead: 'app.log, or process.stdout in a command',
  },
  {
    rule: 'nothing is left to do',
    pattern: /\b(?:TODO|FIXME|XXX)\b/g,
    reading: 'code_and_strings',
    where: (path) => !path.startsWith('test/'),
    instead: 'the work, or an issue',
  },
  {
    rule: 'no test is silenced',
    pattern: /\b(?:test|it|describe)\.(?:only|skip|todo)\b/g,
    reading: 'code',
    where: isTest,
    instead: 'skipIf with a reason that is printed',
  },
];

const VOCABULARY = ['money', 'ids', 'clock', 'errors', 'events'].map((name) => `src/${name}.ts`);

export interface Direction {
  readonly rule: string;
  readonly from: (path: string) => boolean;
  readonly allowed: (target: string, path: string) => boolean;
  readonly instead: string;
}

const under = (folder: string) => (path: string) => path.startsWith(folder) && !isTest(path);
export const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);

export const DIRECTIONS: readonly Direction[] = [
  {
    rule: 'protocols are pure',
    from: under('src/protocols/'),
    allowed: (target) =>
      target === 'node:crypto' ||
      // A parser of text, without I/O.
      target === 'fast-xml-parser' ||
      target === 'src/money.ts' ||
      target === 'src/clock.ts' ||
      target.startsWith('src/protocols/'),
    instead: 'pass it in; I/O belongs to the wallet or the sandbox',
  },
  {
    rule: 'wallets never import the sandbox',
    from: under('src/wallets/'),
    allowed: (target) => !target.startsWith('src/sandbox/'),
    instead: 'src/protocols',
  },
  {
    rule: 'the sandbox never imports wallets',
    from: under('src/sandbox/'),
    allowed: (target) => !target.startsWith('src/wallets/'),
    instead: 'src/protocols',
  },
  {
    rule: 'the vocabulary imports nothing',
    from: (path) => VOCABULARY.includes(path),
    allowed: (target) => target.startsWith('node:') || VOCABULARY.includes(target),
    instead: 'a file of a slice',
  },
  {
    rule: 'a slice keeps its SQL to itself',
    from: isServer,
    allowed: (target, path) => !target.endsWith('/queries.ts') || path.startsWith(folderOf(target)),
    instead: 'a verb of that slice',
  },
  {
    rule: 'the client stands alone',
    from: under('src/client/'),
    allowed: (target) => target.startsWith('node:') || target.startsWith('src/client/'),
    instead: 'a copy of the type in the client',
  },
  {
    rule: 'the product never imports tests',
    from: product,
    allowed: (target) => !target.startsWith('test/') && target !== 'vitest',
    instead: 'a file beside the code',
  },
];
