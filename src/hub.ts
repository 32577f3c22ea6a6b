import type { Hono } from 'hono';
import type { App } from './app.ts';
import { attemptRoutes } from './attempts/routes.ts';
import { checkoutRoutes } from './checkout/routes.ts';
import { holdRoutes } from './escrow/routes.ts';
import type { PageEnv } from './http/request.ts';
import type { Route } from './http/route.ts';
import { createServer } from './http/server.ts';
import { jobRoutes } from './jobs/routes.ts';
import { ledgerRoutes } from './ledger/routes.ts';
import { merchantRoutes } from './merchants/routes.ts';
import { notifyRoutes } from './notifications/routes.ts';
import { paymentRoutes } from './payments/routes.ts';
import { payoutRoutes } from './payouts/routes.ts';
import { platformRoutes } from './platforms/routes.ts';
import { receiverRoutes } from './receivers/routes.ts';
import { reconciliationRoutes } from './reconciliation/routes.ts';
import { refundRoutes } from './refunds/routes.ts';
import { merchantMoneyRoutes } from './settlement/merchant-routes.ts';
import { settlementRoutes } from './settlement/routes.ts';
import { walletAccountRoutes } from './wallet-accounts/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

/** The JSON API: every slice's routes, also what the reference is generated from. */
export function apiRoutes(app: App): Route[] {
  return [
    ...paymentRoutes(app),
    ...attemptRoutes(app),
    ...refundRoutes(app),
    ...holdRoutes(app),
    ...receiverRoutes(app),
    ...settlementRoutes(app),
    ...merchantMoneyRoutes(app),
    ...payoutRoutes(app),
    ...merchantRoutes(app),
    ...platformRoutes(app),
    ...walletAccountRoutes(app),
    ...webhookRoutes(app),
    ...jobRoutes(app),
    ...ledgerRoutes(app),
    ...reconciliationRoutes(app),
  ];
}

/** The hub's HTTP side: every slice's routes, the checkout's pages and the wallets' way in. */
export function createHub(app: App): Hono<PageEnv> {
  return createServer(app, {
    routes: apiRoutes(app),
    pages: [checkoutRoutes(app, { phone_url: app.config.phone_url }), notifyRoutes(app)],
  });
}
