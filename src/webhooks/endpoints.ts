import type { App } from '../app.ts';
import type { Queryable } from '../db/pool.ts';
import { Refusal } from '../errors.ts';
import { newId } from '../ids.ts';
import { type Endpoint, endpointUrlProblem, MAX_ENDPOINTS } from './endpoint.ts';
import {
  countEndpoints,
  type EndpointChange,
  insertEndpoint,
  lockPlatform,
  rotateSecret,
  updateEndpoint,
} from './endpoint-queries.ts';
import { newSecret } from './signing.ts';

/** An endpoint with its secret, which is shown only now. */
export interface EndpointWithSecret {
  readonly endpoint: Endpoint;
  readonly secret: string;
}

export interface NewEndpoint {
  readonly platform_id: string;
  readonly url: string;
  readonly event_types: readonly string[];
}

/** Part of the caller's transaction. @throws Refusal('url_not_allowed' | 'state_conflict') */
export async function createEndpoint(
  app: App,
  tx: Queryable,
  input: NewEndpoint,
): Promise<EndpointWithSecret> {
  checkUrl(app, input.url);
  const { platform_id } = input;
  if (!(await lockPlatform(tx, platform_id))) throw new Refusal('not_found');
  if ((await countEndpoints(tx, platform_id)) >= MAX_ENDPOINTS) {
    const message = `a platform has at most ${MAX_ENDPOINTS} endpoints; delete one first`;
    throw new Refusal('state_conflict', { message });
  }
  const id = newId('whe');
  const secret = newSecret();
  const sealed = app.vault.seal(secret, id);
  const endpoint = await insertEndpoint(tx, { ...input, id, secret: sealed });
  return { endpoint, secret };
}

/** Enabling again what the hub disabled is a change of `state`. */
export async function changeEndpoint(
  app: App,
  tx: Queryable,
  { id, change }: { id: string; change: EndpointChange },
): Promise<Endpoint> {
  if (change.url !== undefined) checkUrl(app, change.url);
  const reason = change.state === 'disabled' ? 'disabled by the platform' : null;
  const endpoint = await updateEndpoint(tx, id, { ...change, disabled_reason: reason });
  if (!endpoint) throw new Refusal('not_found');
  return endpoint;
}

/** The secret so far keeps signing beside the new one for `overlap_s` seconds. */
export async function rotateEndpointSecret(
  app: App,
  tx: Queryable,
  { id, overlap_s }: { id: string; overlap_s: number },
): Promise<EndpointWithSecret> {
  const secret = newSecret();
  const sealed = app.vault.seal(secret, id);
  const endpoint = await rotateSecret(tx, { id, secret: sealed, overlap_s });
  if (!endpoint) throw new Refusal('not_found');
  return { endpoint, secret };
}

function checkUrl(app: App, url: string): void {
  const problem = endpointUrlProblem(url, app.config.mode);
  if (problem !== undefined) {
    throw new Refusal('url_not_allowed', { param: 'url', message: problem });
  }
}
