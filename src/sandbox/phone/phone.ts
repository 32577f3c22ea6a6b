import { Hono } from 'hono';
import { assetRoutes } from '../../../web/design/assets.ts';
import { serve } from '../../../web/design/serve.ts';
import { createGuard, type Guard } from '../guard.ts';
import { phoneApi } from './api/routes.ts';
import { Device, type DeviceOptions } from './device.ts';
import { phonePages } from './pages.ts';

export interface PhoneOptions extends DeviceOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Needed off loopback; made at random when absent. */
  readonly token?: string;
}

export interface Phone {
  /** Root URL; off loopback with the token that opens it. */
  readonly url: string;
  /** Off loopback every request needs it; undefined on loopback. */
  readonly token: string | undefined;
  stop(): Promise<void>;
}

/** Starts the sandbox phone: a page and a JSON API on a port of its own. */
export async function startPhone(options: PhoneOptions): Promise<Phone> {
  const guard = createGuard(options);
  const device = new Device(options);
  const { host, port } = options;
  const setting = 'HUTONG_SANDBOX_PORT';
  const serving = await serve(phoneRoutes(device, guard), { host, port, setting });
  return {
    url: guard.token === undefined ? serving.url : `${serving.url}/?token=${guard.token}`,
    token: guard.token,
    stop: serving.stop,
  };
}

function phoneRoutes(device: Device, guard: Guard): Hono {
  const routes = new Hono();
  routes.use(async (c, next) => {
    const { method } = c.req;
    const request = { method, headers: c.req.header(), token: c.req.query('token') };
    const refused = guard.refuse(request);
    if (refused !== undefined) {
      return c.json({ error: { code: 'forbidden', message: refused } }, 403);
    }
    await next();
    const cookie = guard.cookie(request);
    if (cookie !== undefined) c.header('set-cookie', cookie, { append: true });
  });
  routes.route('/', assetRoutes());
  routes.route('/', phoneApi(device));
  routes.route('/', phonePages(device));
  routes.notFound((c) =>
    c.json({ error: { code: 'not_found', message: 'there is no such page' } }, 404),
  );
  return routes;
}
