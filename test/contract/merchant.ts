import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RawNotification } from '../../src/wallets/notification.ts';
import type { Stage } from './stage.ts';

/** The merchant of the contract suite: takes every wallet's notifications and keeps them. */
export interface MerchantServer {
  readonly notify_url: string;
  readonly received: RawNotification[];
  /** The newest notification of this stage that the connector reads as one of `reference`. */
  notificationOf(stage: Stage, reference: string): Promise<RawNotification>;
  stop(): Promise<void>;
}

const PATIENCE_MS = 10_000;
const LOOK_MS = 20;

export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited ${PATIENCE_MS} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Acknowledges in every wallet's way at once: 200 with the word that form-posting wallets want. */
export async function openMerchant(): Promise<MerchantServer> {
  const received: RawNotification[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      received.push({ headers, body: Buffer.concat(chunks), received_at: new Date() });
      response.writeHead(200, { 'content-type': 'text/plain' }).end('success');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    notify_url: `http://127.0.0.1:${port}/notify`,
    received,
    notificationOf: (stage, reference) =>
      until(`a notification of ${reference}`, async () => {
        const newest = received.toReversed();
        for (const raw of newest) if ((await referenceIn(stage, raw)) === reference) return raw;
        return undefined;
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Our number in a genuine notification; undefined for any other. */
export async function referenceIn(
  { wallet, account }: Stage,
  raw: RawNotification,
): Promise<string | undefined> {
  const verified = await wallet.verifyNotification(account, raw);
  if (verified.kind !== 'verified' || !('fact' in verified.content)) return undefined;
  const { fact } = verified.content;
  if ('refund_reference' in fact) return fact.refund_reference;
  return 'wallet_reference' in fact ? fact.wallet_reference : undefined;
}
