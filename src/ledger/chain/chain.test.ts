import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBooks } from '../testing.ts';
import { end, floored, fund, move, type OpenLedger, transfer } from '../testing-moves.ts';
import { ChainFollower, type ChainLink, selectLinks } from './links.ts';

/** What an outsider gets of a book, and what becomes of it when somebody touches it. */
let ledger: OpenLedger;
let links: ChainLink[];

beforeAll(async () => {
  ({ ledger } = await openBooks());
  const [a, b] = [floored('chain-a'), floored('chain-b')];
  await fund(ledger, a, 1_000_000n);
  for (let round = 0; round < 6; round += 1) {
    const held = transfer(a, b, 7n, { kind: 'pending', subject_id: 'pay_x' });
    const refused = transfer(b, a, 999_999_999n);
    await Promise.all(
      [held, refused, transfer(a, b, 1n), transfer(a, b, 2n)].map((posting) =>
        ledger.submit(move([posting])),
      ),
    );
    await ledger.submit(move([end('void', held)]));
  }
  links = (await selectLinks(ledger.db, 0, 0)).links;
});

afterAll(() => ledger.stop());

function follow(chain: readonly ChainLink[]): ChainFollower {
  const follower = new ChainFollower();
  for (const link of chain) follower.follow(link);
  return follower;
}

test('every posting has its position, and the chain holds them all', async () => {
  expect(follow(links).position).toBe(1 + 6 * 4);
  expect(links.length).toBeGreaterThan(6);
  const rest = await selectLinks(ledger.db, 0, links[3]?.last_position ?? 0);
  expect(rest.links).toEqual(links.slice(4));
  expect(rest.more).toBe(false);
});

test('a link is what its description says, by nothing but SHA-256', () => {
  let previous = Buffer.alloc(32);
  for (const { lines, hash } of links) {
    previous = createHash('sha256')
      .update(Buffer.concat([previous, Buffer.from(lines.join(''))]))
      .digest();
    expect(previous.toString('hex')).toBe(hash);
  }
});

test('no change, loss, repetition or exchange goes unseen', () => {
  const change = (text: string, at: number) =>
    text.slice(0, at) + (text[at] === '1' ? '2' : '1') + text.slice(at + 1);
  fc.assert(
    fc.property(
      fc.nat({ max: links.length - 1 }),
      fc.nat({ max: 200 }),
      fc.constantFrom('character', 'loss', 'repetition', 'exchange', 'inner loss'),
      (at, where, how) => {
        const touched: ChainLink[] = links.slice();
        const link = links[at];
        if (!link) return;
        const line = link.lines[0] ?? '';
        if (how === 'character') {
          const lines = [change(line, where % (line.length - 1)), ...link.lines.slice(1)];
          touched[at] = { ...link, lines };
        } else if (how === 'loss') {
          // Losing the last link is no change of what is before it.
          if (at === links.length - 1) return;
          touched.splice(at, 1);
        } else if (how === 'repetition') {
          touched.splice(at, 0, link);
        } else if (how === 'exchange') {
          if (at === 0) return;
          touched.splice(at - 1, 2, link, links[at - 1] ?? link);
        } else {
          touched[at] = { ...link, lines: link.lines.slice(1) };
        }
        expect(() => follow(touched)).toThrow(/posting|sealed/);
      },
    ),
  );
});
