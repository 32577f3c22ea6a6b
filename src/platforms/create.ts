import type { App } from '../app.ts';
import { type Queryable, violatedConstraint } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { authenticatorOf } from '../http/authentication.ts';
import { type Book, newId } from '../ids.ts';
import type { Platform } from './platform.ts';
import { insertPlatform, type PlatformChange, updatePlatform } from './queries.ts';

export interface NewPlatform {
  readonly slug: string;
  readonly name: string;
  readonly hosts?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Where its payments live; 0 unless the installation is split. */
  readonly book?: Book | undefined;
}

/** A platform with open gates to every wallet. @throws Refusal('reference_taken') for its slug. */
export async function createPlatform(db: Queryable, input: NewPlatform): Promise<Platform> {
  try {
    return await insertPlatform(db, {
      id: newId('plt'),
      slug: input.slug,
      name: input.name,
      hosts: input.hosts ?? [],
      book: input.book ?? 0,
      metadata: input.metadata ?? {},
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'platforms_slug_key') throw error;
    throw new Refusal('reference_taken', {
      param: 'slug',
      message: `slug: another platform is called ${input.slug}`,
    });
  }
}

/** Changes take effect at once here, and in other processes within two seconds. */
export async function changePlatform(
  app: App,
  id: string,
  change: PlatformChange,
): Promise<Platform> {
  const platform = await updatePlatform(app.db, id, change);
  if (!platform) throw new Refusal('not_found');
  authenticatorOf(app).forget();
  return platform;
}
