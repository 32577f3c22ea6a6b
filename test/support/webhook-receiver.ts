import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Event, verifyWebhook } from '../../src/client/client.ts';

/** A shop's own receiver of webhooks: takes only what the hub signed. */
export interface WebhookReceiver {
  readonly url: string;
  /** Set when the endpoint is registered; before that everything is refused. */
  secret: string | undefined;
  /** Verified events by id; the same one may come again. */
  readonly events: ReadonlyMap<string, Event>;
  /** Called for each event that is new. */
  onEvent: (event: Event) => void;
  stop(): Promise<void>;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const events = new Map<string, Event>();
  const server = createServer((request, response) => {
    take(request).then(
      (event) => {
        response.writeHead(204).end();
        if (events.has(event.id)) return;
        events.set(event.id, event);
        receiver.onEvent(event);
      },
      () => response.writeHead(400).end(),
    );
  });
  async function take(request: IncomingMessage): Promise<Event> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { headers } = request;
    return verifyWebhook({ headers, body: Buffer.concat(chunks), secrets: receiver.secret ?? [] });
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${port}/hook`,
    secret: undefined,
    events,
    onEvent: () => {},
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
