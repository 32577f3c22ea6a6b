import { once } from 'node:events';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { loadConfig } from '../config.ts';
import { type ChainClaims, ChainFollower, type ChainLink } from '../ledger/chain/links.ts';
import { readSandboxFile } from '../world/sandbox-file.ts';

/** `hutong ledger verify`: recomputes the chain of a book's postings, from a hub or from a file. */
export function addLedger(program: Command): void {
  const ledger = program.command('ledger').description('the chain of the ledger’s postings');
  ledger
    .command('verify')
    .description('recompute every link of a book’s chain; ends with its position and hash')
    .option('--book <n>', 'the book', '0')
    .option('--url <url>', 'the hub (default: the one of sandbox.json)')
    .option('--key-file <file>', 'a file with an operator’s key, for --url')
    .option('--save <file>', 'keep what was read, one link a line')
    .option('--from <file>', 'read such a file instead of asking a hub')
    .option('--expect <position:hash>', 'a link noted earlier that must be in the chain')
    .action(async (options: VerifyOptions) => {
      process.exitCode = await verify(options);
    });
}

interface VerifyOptions {
  readonly book: string;
  readonly url?: string;
  readonly keyFile?: string;
  readonly save?: string;
  readonly from?: string;
  readonly expect?: string;
}

const linkShape = z.object({
  first_position: z.int(),
  last_position: z.int(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  sealed_at: z.string(),
  lines: z.array(z.string()),
});
/** A hub of an earlier release claims nothing. */
const pageShape = z.object({
  data: z.array(linkShape),
  next_cursor: z.string().nullable(),
  head_position: z.int().default(0),
  outside: z.int().default(0),
  outside_known: z.int().default(0),
});
const EXPECTED = /^(\d{1,15}):([0-9a-f]{64})$/;
const TIMEOUT_MS = 60_000;

async function verify(options: VerifyOptions): Promise<number> {
  const [, position, hash] = EXPECTED.exec(options.expect ?? '') ?? [];
  if (options.expect !== undefined && hash === undefined) {
    throw new Error('--expect takes position:hash, as an earlier run printed them');
  }
  let claims: ChainClaims = { head_position: 0, outside: 0, outside_known: 0 };
  const hear = (told: ChainClaims) => {
    claims = told;
  };
  const links = options.from === undefined ? fromHub(options, hear) : fromFile(options.from);
  const follower = new ChainFollower();
  const copy = options.save === undefined ? undefined : createWriteStream(options.save);
  let met = hash === undefined;
  try {
    for await (const link of links) {
      follower.follow(link);
      if (follower.position === Number(position) && follower.hash === hash) met = true;
      if (copy && !copy.write(`${JSON.stringify(link)}\n`)) await once(copy, 'drain');
    }
    requireClaimed(follower.position, claims);
    if (!met && follower.links === 0) throw new Error('the chain is empty: it has no link at all');
    if (!met) throw new Error(`the chain does not have the link ${options.expect}`);
  } catch (error) {
    process.stdout.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    copy?.end();
    if (copy) await finished(copy);
  }
  sayWhole(follower, claims);
  return 0;
}

function requireClaimed(position: number, claims: ChainClaims): void {
  const { head_position, outside, outside_known } = claims;
  if (position < head_position) {
    throw new Error(`the links end at ${position}, and the hub has sealed ${head_position}`);
  }
  if (outside !== outside_known) {
    throw new Error(
      `${outside} postings are in no link, and ${outside_known} were there before the chain`,
    );
  }
}

function sayWhole({ position, links, hash }: ChainFollower, { outside }: ChainClaims): void {
  if (outside > 0) {
    process.stdout.write(`! ${outside} postings from before the chain are proven by nothing\n`);
  }
  if (links === 0) {
    process.stdout.write('! the chain is empty: it has no link, and nothing is proven\n');
    return;
  }
  process.stdout.write(`✓ ${position} postings in ${links} links, none changed, none missing\n`);
  process.stdout.write(`${position}:${hash}\n`);
}

async function* fromFile(file: string): AsyncGenerator<ChainLink> {
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line !== '') yield linkShape.parse(JSON.parse(line));
  }
}

/** The hub of this data folder, with the key from its sandbox.json, or one elsewhere. */
async function* fromHub(
  { url, book, keyFile }: VerifyOptions,
  hear: (claims: ChainClaims) => void,
): AsyncGenerator<ChainLink> {
  const { data_dir } = loadConfig(process.env);
  const known = url === undefined ? readSandboxFile(data_dir)?.hub : undefined;
  const hub = url ?? known?.url;
  const key = keyFile === undefined ? known?.operator_key : readFileSync(keyFile, 'utf8').trim();
  if (hub === undefined || key === undefined) {
    throw new Error('no hub: run "npm start" first, or pass --url and --key-file');
  }
  for (let after: string | null = '0'; after !== null; ) {
    const answer: Response = await fetch(
      `${hub}/v1/ledger/chain?book=${encodeURIComponent(book)}&after=${after}`,
      { headers: { authorization: `Bearer ${key}` }, signal: AbortSignal.timeout(TIMEOUT_MS) },
    );
    if (answer.status !== 200) throw new Error(`${hub} answered ${answer.status}`);
    const page = pageShape.parse(await answer.json());
    hear(page);
    yield* page.data;
    after = page.next_cursor;
  }
}
