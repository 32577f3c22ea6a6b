import { parseArgs } from 'node:util';
import { BUGS, isBug } from './bugs.ts';

/** `npm run simulate -- --seed N --steps M`: one seed; `--seeds FIRST-LAST`: several. */
const USAGE = [
  'npm run simulate -- with any of:',
  '--seed N              one seed; drawn when there is none',
  '--seeds FIRST-LAST    several, one after another',
  '--until-found         stop at the first violation',
  '--steps M             operations of shop and shoppers',
  '--trace               print everything that happens',
  `--bug NAME            plant a bug: ${BUGS.join(', ')}`,
  '--help                this',
].join('\n  ');
const OPTIONS = {
  seed: { type: 'string' },
  seeds: { type: 'string' },
  steps: { type: 'string', default: '1000' },
  bug: { type: 'string' },
  trace: { type: 'boolean', default: false },
  'until-found': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  // A running server and a database with every migration; one is started when they are missing.
  server: { type: 'string' },
  template: { type: 'string' },
} as const;

function refuse(why: string): never {
  process.stderr.write(`${why}\n${USAGE}\n`);
  process.exit(2);
}

function parsed() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split(/\.\s/);
    return refuse(why);
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) refuse(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
}

function seedsOf({ seed, seeds }: { seed?: string; seeds?: string }): readonly [number, number] {
  if (seeds !== undefined) {
    const [first = '', last = ''] = seeds.split('-');
    const range = [wholeNumber('seeds', first), wholeNumber('seeds', last)] as const;
    if (range[1] < range[0]) refuse(`--seeds takes the lower number first, not ${seeds}`);
    return range;
  }
  const one = seed === undefined ? Math.floor(Math.random() * 20_000) : wholeNumber('seed', seed);
  return [one, one];
}

async function main(): Promise<void> {
  const values = parsed();
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const [first, last] = seedsOf({
    ...(values.seed === undefined ? {} : { seed: values.seed }),
    ...(values.seeds === undefined ? {} : { seeds: values.seeds }),
  });
  const operations = wholeNumber('steps', values.steps);
  if (values.bug !== undefined && !isBug(values.bug)) refuse(`there is no bug ${values.bug}`);
  const bug = values.bug !== undefined && isBug(values.bug) ? values.bug : undefined;
  const { server, template, trace } = values;
  // Loaded when it is known what to do: the hub and all sandboxes take seconds.
  const { play } = await import('./play.ts');
  const until_found = values['until-found'];
  const wish = { first, last, operations, bug, trace, until_found, server, template };
  process.exit((await play(wish)) > 0 ? 1 : 0);
}

await main();
