import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { packageRoot } from '../../src/package-root.ts';

/**
 * Stylesheets, browser scripts and the icon, served from our own origin under `/assets/`. Only the
 * files named here exist; the version in the address is the hash of the content, so they never go
 * stale.
 */
const FILES = {
  'tokens.css': 'web/assets/tokens.css',
  'base.css': 'web/assets/base.css',
  'checkout.css': 'web/assets/checkout.css',
  'shops.css': 'web/assets/shops.css',
  'phone.css': 'web/assets/phone.css',
  'dial.css': 'web/assets/dial.css',
  'docs.css': 'web/assets/docs.css',
  'sandbox.css': 'web/assets/sandbox.css',
  'gate.svg': 'web/assets/gate.svg',
  'checkout.js': 'dist/web/checkout/browser/checkout.js',
  'phone.js': 'dist/web/phone/browser/phone.js',
  'order.js': 'dist/web/shops/browser/order.js',
} as const;
export type AssetName = keyof typeof FILES;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface Asset {
  readonly body: string;
  readonly version: string;
}

const cache = new Map<AssetName, Asset>();

function isAssetName(text: string): text is AssetName {
  return Object.hasOwn(FILES, text);
}

function asset(name: AssetName): Asset | undefined {
  const known = cache.get(name);
  if (known) return known;
  let body: string;
  try {
    body = readFileSync(join(packageRoot(), FILES[name]), 'utf8');
  } catch {
    // Scripts are only there after a build; every page works without them.
    return undefined;
  }
  const version = createHash('sha256').update(body).digest('base64url').slice(0, 12);
  const found = { body, version };
  cache.set(name, found);
  return found;
}

export function assetUrl(name: AssetName): string {
  return `/assets/${name}?v=${asset(name)?.version ?? '0'}`;
}

/** Mount at the root of any server that shows pages. */
export function assetRoutes(): Hono {
  const routes = new Hono();
  routes.get('/assets/:name', (c) => {
    const name = c.req.param('name');
    const found = isAssetName(name) ? asset(name) : undefined;
    if (!found) return c.text('not found', 404);
    const current = c.req.query('v') === found.version;
    return c.body(found.body, 200, {
      'content-type': TYPES[name.slice(name.lastIndexOf('.'))] ?? 'application/octet-stream',
      'cache-control': current ? 'public, max-age=31536000, immutable' : 'no-cache',
      'x-content-type-options': 'nosniff',
    });
  });
  return routes;
}
