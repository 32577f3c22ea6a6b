import { Hono } from 'hono';
import type { App } from '../app.ts';
import type { PageEnv } from './request.ts';
import type { Route } from './route.ts';

export function docsPages(_app: App, _routes: readonly Route[]): Hono<PageEnv> {
  return new Hono<PageEnv>();
}
