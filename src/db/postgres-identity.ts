import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Who runs PostgreSQL. It refuses root, so a hub started by root runs it as `nobody`, who must be
 * able to search every folder above the binaries, the cluster and the socket.
 */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** True when the server must run as somebody else than this process. */
  readonly switched: boolean;
}

const NOBODY = 65_534;
const OTHERS_MAY_SEARCH = 0o001;
const GROUP_MAY_SEARCH = 0o010;
const OWNER_MAY_SEARCH = 0o100;

/**
 * The identity for a new cluster, or for one that `owner` already owns: root adopts the cluster of
 * an ordinary user by running as that user.
 * @throws when this account cannot run PostgreSQL at all, saying what to do instead.
 */
export function chooseIdentity(owner?: { uid: number; gid: number }): Identity {
  const uid = process.getuid?.() ?? -1;
  const gid = process.getgid?.() ?? -1;
  if (uid !== 0) {
    if (owner !== undefined && owner.uid !== uid) {
      throw new Error(
        `the database folder belongs to uid ${owner.uid} but this process runs as uid ${uid}: ` +
          'start as that user (or as root), choose another HUTONG_DATA_DIR, or set DATABASE_URL',
      );
    }
    return { uid, gid, switched: false };
  }
  if (process.platform !== 'linux') {
    throw new Error('PostgreSQL refuses to run as root: start as an ordinary user');
  }
  const chosen = owner !== undefined && owner.uid !== 0 ? owner : { uid: NOBODY, gid: NOBODY };
  return { uid: chosen.uid, gid: chosen.gid, switched: true };
}

/** True when `identity` can search `folder` and everything above it. `folder` must exist. */
export function canReach(identity: Identity, folder: string): boolean {
  if (!identity.switched) return true;
  let current = realpathSync(folder);
  for (;;) {
    const { uid, gid, mode } = statSync(current);
    const bit =
      uid === identity.uid
        ? OWNER_MAY_SEARCH
        : gid === identity.gid
          ? GROUP_MAY_SEARCH
          : OTHERS_MAY_SEARCH;
    if ((mode & bit) === 0) return false;
    const parent = dirname(current);
    if (parent === current) return true;
    current = parent;
  }
}
