import { z } from '@hono/zod-openapi';
import type { App } from '../app.ts';
import { EVENT_TYPES } from '../events.ts';
import { id, objectFields, timestampOut } from '../http/schemas.ts';
import type { Endpoint } from './endpoint.ts';
import type { Delivery } from './queries.ts';
import { createSigner } from './signing.ts';

/** Endpoints, deliveries and events as the API shows them. */
export const endpointSchema = z
  .object({
    ...objectFields('whe', 'webhook_endpoint'),
    platform: id('plt'),
    url: z.string(),
    event_types: z.array(z.string()).openapi({ description: 'Empty: every type.' }),
    state: z.enum(['enabled', 'disabled']),
    disabled_reason: z.string().nullable(),
    public_key: z
      .string()
      .openapi({ description: 'whpk_ and base64: verifies `v1a`; changes with the secret.' }),
    previous_secret_until: timestampOut
      .nullable()
      .openapi({ description: 'Until then the secret before the rotation signs too.' }),
  })
  .openapi('WebhookEndpoint');

export const endpointWithSecretSchema = endpointSchema
  .extend({
    secret: z.string().nullable().openapi({
      description: 'whsec_ and base64. Shown once: a replay of the same call answers null.',
    }),
  })
  .openapi('WebhookEndpointWithSecret');

export const eventSchema = z
  .object({
    ...objectFields('evt', 'event'),
    type: z.enum(EVENT_TYPES),
    platform: id('plt'),
    sequence: z.int().openapi({ description: 'Orders the events of one object, from 1.' }),
    position: z
      .int()
      .nullable()
      .openapi({ description: 'Orders all events; null in a webhook that left before it.' }),
    data: z.looseObject({ object: z.record(z.string(), z.unknown()) }),
  })
  .openapi('Event');

export const deliverySchema = z
  .object({
    ...objectFields('dlv', 'delivery'),
    event: id('evt'),
    event_type: z.string(),
    endpoint: id('whe'),
    payment: id('pay').nullable(),
    state: z.enum(['pending', 'delivered', 'failed']),
    tries: z.int(),
    last_status: z.int().nullable(),
    last_error: z.string().nullable(),
    next_at: timestampOut.nullable(),
    delivered_at: timestampOut.nullable(),
  })
  .openapi('Delivery');

export function renderEndpoint(app: App, endpoint: Endpoint) {
  const secret = app.vault.open(endpoint.secret, endpoint.id);
  const { previous_until } = endpoint;
  const overlaps = previous_until !== null && previous_until > app.clock.real();
  return {
    id: endpoint.id,
    object: 'webhook_endpoint' as const,
    created_at: endpoint.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    platform: endpoint.platform_id,
    url: endpoint.url,
    event_types: endpoint.event_types,
    state: endpoint.state,
    disabled_reason: endpoint.disabled_reason,
    public_key: createSigner(app.vault, endpoint.id, secret).public_key,
    previous_secret_until: overlaps ? previous_until.toISOString() : null,
  };
}

export function renderDelivery(app: App, delivery: Delivery) {
  return {
    id: delivery.id,
    object: 'delivery' as const,
    created_at: delivery.created_at.toISOString(),
    livemode: app.config.mode === 'production',
    event: delivery.event_id,
    event_type: delivery.event_type,
    endpoint: delivery.endpoint_id,
    payment: delivery.payment_id,
    state: delivery.state,
    tries: delivery.tries,
    last_status: delivery.last_status,
    last_error: delivery.last_error,
    next_at: delivery.state === 'pending' ? (delivery.next_at?.toISOString() ?? null) : null,
    delivered_at: delivery.delivered_at?.toISOString() ?? null,
  };
}
