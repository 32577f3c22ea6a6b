import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import type { App } from '../app.ts';
import { newId } from '../ids.ts';
import { publishEvents } from './publish.ts';
import { selectEvents } from './queries.ts';
import { sealBook, sealEvents } from './sealer.ts';
import { addPlatform, newEvent, webhookApp } from './testing.ts';

let app: App;
let stop: () => Promise<void>;

beforeAll(async () => {
  const { url } = await createTestDatabase();
  ({ app, stop } = webhookApp(url));
});

afterAll(() => stop());

/** Reads a feed to its end, as a platform that catches up does. */
async function read(platform_id: string, after: number, book = 0) {
  const feed = { book, platform_id, type: null, limit: 100 };
  return selectEvents(app.db, { ...feed, after });
}

it('an event that commits after younger ones is not stepped over by the feed', async () => {
  const platform = await addPlatform(app);
  const early = newEvent(platform, { id: newId('evt') });
  const late = newEvent(platform, { id: newId('evt') });
  const read_first = await app.db.transaction(async (tx) => {
    await publishEvents(tx, [early]);
    await app.db.transaction((other) => publishEvents(other, [late]));
    await sealBook(app, 0);
    return read(platform, 0);
  });
  expect(read_first.map((event) => event.id)).toEqual([late.id]);
  await sealBook(app, 0);
  const rest = await read(platform, Number(read_first.at(-1)?.position));
  expect(rest.map((event) => event.id)).toEqual([early.id]);
});

it('positions have no gap and no double, however many seal at once', async () => {
  const platform = await addPlatform(app, 3);
  const batches = Array.from({ length: 20 }, () =>
    Array.from({ length: 10 }, () => newEvent(platform, { book: 3 })),
  );
  await Promise.all(
    batches.flatMap((batch) => [
      app.db.transaction((tx) => publishEvents(tx, batch)),
      sealBook(app, 3),
    ]),
  );
  await sealEvents.run(app);
  const positions: bigint[] = [];
  for (let page = await read(platform, 0, 3); page.length > 0; ) {
    positions.push(...page.map((event) => event.position ?? 0n));
    page = await read(platform, Number(positions.at(-1)), 3);
  }
  expect(positions).toEqual(Array.from({ length: 200 }, (_, index) => BigInt(index + 1)));
});

it('steps of the timeline have no position', async () => {
  const platform = await addPlatform(app, 4);
  const step = { book: 4, type: 'attempt.created', public: false, sequence: 0 } as const;
  await app.db.transaction((tx) =>
    publishEvents(tx, [newEvent(platform, step), newEvent(platform, { book: 4 })]),
  );
  await sealEvents.run(app);
  const feed = await read(platform, 0, 4);
  expect(feed.map(({ type, position }) => [type, position])).toEqual([['payment.succeeded', 1n]]);
});
