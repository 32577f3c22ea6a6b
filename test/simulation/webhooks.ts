import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Shop } from './shop.ts';

const UNWELL = [500, 503, 404] as const;

/** The shop's webhook endpoint: notes every event, and fails now and then. */
export function webhookListener(shop: Shop): RequestListener {
  return (request, response) => void receive(shop, request, response);
}

async function receive(
  shop: Shop,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  if (shop.random.chance(shop.failing)) {
    response.writeHead(shop.random.pick(UNWELL)).end();
    return;
  }
  const event = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { id: string; type: string };
  shop.heard.set(event.id, { id: event.id, type: event.type });
  response.writeHead(204).end();
}
