import { Refusal } from '../errors.ts';

/** Dated versions of the API, oldest first. A key is pinned to the one it was minted under. */
export const API_VERSIONS = ['2026-11-01'] as const;
export type ApiVersion = (typeof API_VERSIONS)[number];
export const CURRENT_VERSION: ApiVersion = '2026-11-01';

/** The version of one request: the header's, else the key's. */
export function requestVersion(header: string | undefined, pinned: string): string {
  if (header === undefined) return pinned;
  if ((API_VERSIONS as readonly string[]).includes(header)) return header;
  throw new Refusal('invalid_parameter', {
    param: 'Hutong-Version',
    message: `Hutong-Version must be one of ${API_VERSIONS.join(', ')}`,
  });
}
