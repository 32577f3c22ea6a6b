import type { Queryable } from '../db/pool.ts';
import { sha256 } from '../ids.ts';
import type { Platform } from './platform.ts';
import { isKeyLive, selectPlatformBySlug } from './queries.ts';

/** The platform of this slug, if there is one. */
export function findPlatformBySlug(db: Queryable, slug: string): Promise<Platform | undefined> {
  return selectPlatformBySlug(db, slug);
}

/** True while this secret signs somebody in. */
export function isLiveSecret(db: Queryable, secret: string): Promise<boolean> {
  return isKeyLive(db, sha256(secret));
}
