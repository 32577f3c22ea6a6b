import { type Context, Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { HtmlEscapedString } from 'hono/utils/html';
import { z } from 'zod';
import { assetRoutes } from '../../../web/design/assets.ts';
import {
  isLanguage,
  LANGUAGE_COOKIE,
  type Language,
  negotiateLanguage,
} from '../../../web/design/language.ts';
import { pageHeaders } from '../../../web/design/page-headers.ts';
import { ActionsPage } from '../../../web/sandbox/actions.tsx';
import { CallPage } from '../../../web/sandbox/call.tsx';
import { CoveragePage } from '../../../web/sandbox/coverage.tsx';
import { ListPage } from '../../../web/sandbox/list.tsx';
import { type ActionResult, DESK, type Desk } from '../../../web/sandbox/view.ts';
import type { LoggedRequest } from '../requests.ts';
import { ActionRefusal, type SandboxAction } from './actions.ts';
import type { AdminOptions } from './admin.ts';
import { fieldsOf, inputOf, inputSchema } from './forms.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;
const LIVE_S = 3;

export function adminRoutes(options: AdminOptions): Hono {
  // The desk itself is `/__sandbox/`; strictly that would be no page.
  const app = new Hono({ strict: false });
  app.route(DESK, assetRoutes());
  app.route(DESK, jsonRoutes(options));
  app.route(DESK, pageRoutes(options));
  app.notFound((c) => json(c, 404, { error: `no such page: see ${DESK}/` }));
  app.onError((error, c) => json(c, 500, { error: error.message }));
  return app;
}

/** For scripts; the shapes of these answers are documented in docs/guides/sandbox.md. */
function jsonRoutes({ requests, actions, coverage }: AdminOptions): Hono {
  const routes = new Hono();
  routes.get('/requests', (c) => json(c, 200, { data: requests.list(listOptions(c)) }));
  routes.get('/requests/:number', (c) => {
    const found = requests.get(Number(c.req.param('number')));
    return found ? json(c, 200, found) : json(c, 404, { error: 'no such call, or forgotten' });
  });
  routes.get('/coverage', (c) => json(c, 200, { data: coverage.map(withoutCode) }));
  routes.get('/actions', (c) => json(c, 200, { data: actions.map(describe) }));
  routes.post('/actions/:name{.+}', async (c) => {
    const name = c.req.param('name');
    const action = actions.find((known) => known.name === name);
    if (!action) return json(c, 404, { error: `no action ${name}: see GET ${DESK}/actions` });
    const text = await c.req.text();
    const result = await perform(action, () => (text === '' ? {} : JSON.parse(text)));
    return json(c, result.status, result.ok ? result.answer : { error: result.message });
  });
  return routes;
}

function pageRoutes(options: AdminOptions): Hono {
  const { requests, actions, coverage } = options;
  const routes = new Hono();
  routes.get('/', (c) => {
    const asked = listOptions(c);
    const live = c.req.query('live') === '1';
    if (live) c.header('refresh', String(LIVE_S));
    const troubled = asked.troubled === true;
    const list = requests.list({ ...asked, limit: MAX_LIMIT });
    return show(c, <ListPage desk={desk(c, options)} list={list} only={{ troubled, live }} />);
  });
  routes.get('/call/:number', (c) => {
    const found = requests.get(Number(c.req.param('number')));
    if (!found) return c.redirect(`${DESK}/`, 302);
    const near = (step: number) => requests.get(found.number + step)?.number;
    const around = { before: near(-1), after: near(1) };
    return show(c, <CallPage desk={desk(c, options)} call={found} around={around} />);
  });
  const actionsPage = (c: Context, result?: ActionResult) =>
    show(
      c,
      <ActionsPage
        desk={desk(c, options)}
        actions={actions.map((action) => ({ ...action, fields: fieldsOf(action) }))}
        result={result}
        numbers={callersIn(requests)}
      />,
    );
  routes.get('/do', (c) => actionsPage(c));
  routes.post('/do/:name{.+}', async (c) => {
    const name = c.req.param('name');
    const action = actions.find((known) => known.name === name);
    if (!action) return c.redirect(`${DESK}/do`, 303);
    const form = new URLSearchParams(await c.req.text());
    const result = await perform(action, () => inputOf(action, form));
    const text = result.ok ? JSON.stringify(result.answer, bigintAsNumber, 2) : result.message;
    return actionsPage(c, { name, ok: result.ok, text, given: Object.fromEntries(form) });
  });
  routes.get('/covers', (c) =>
    show(c, <CoveragePage desk={desk(c, options)} coverage={coverage} />),
  );
  return routes;
}

function callersIn(requests: AdminOptions['requests']): string[] {
  const seen = requests.list({ limit: MAX_LIMIT }).map(({ caller }) => caller);
  return [...new Set(seen)].filter((caller) => caller !== null);
}

function desk(c: Context, { wallet, requests, actions, coverage }: AdminOptions): Desk {
  const query = new URLSearchParams(c.req.query());
  return {
    wallet,
    language: language(c),
    here: c.req.path,
    query,
    counts: { calls: requests.count, actions: actions.length, coverage: coverage.length },
  };
}

function listOptions(c: Context): { limit: number; troubled: boolean } {
  const asked = Number(c.req.query('limit') ?? DEFAULT_LIMIT);
  const limit = Number.isInteger(asked) && asked > 0 ? Math.min(asked, MAX_LIMIT) : DEFAULT_LIMIT;
  return { limit, troubled: c.req.query('only') === 'troubled' };
}

type Performed =
  | { readonly ok: true; readonly status: 200; readonly answer: object }
  | { readonly ok: false; readonly status: 400 | 404 | 409; readonly message: string };

async function perform(action: SandboxAction, input: () => unknown): Promise<Performed> {
  const refused = (status: 400 | 404 | 409, message: string) =>
    ({ ok: false, status, message }) as const;
  try {
    return { ok: true, status: 200, answer: await action.run(input()) };
  } catch (error) {
    if (error instanceof SyntaxError) return refused(400, 'the body must be one JSON object');
    if (error instanceof z.ZodError) return refused(400, z.prettifyError(error));
    if (error instanceof ActionRefusal) return refused(error.status, error.message);
    throw error;
  }
}

function describe(action: SandboxAction) {
  return { name: action.name, summary: action.summary, input: inputSchema(action) };
}

/** Route tables carry the code that answers; only what is said of a call leaves. */
function withoutCode(call: AdminOptions['coverage'][number]) {
  const { call: name, group, doc, differs } = call;
  return { call: name, group, doc, ...(differs === undefined ? {} : { differs }) };
}

function show(c: Context, page: HtmlEscapedString | Promise<HtmlEscapedString>) {
  const asked = c.req.query('lang');
  if (isLanguage(asked)) {
    setCookie(c, LANGUAGE_COOKIE, asked, { path: '/', sameSite: 'Lax', maxAge: 365 * 86_400 });
  }
  return c.html(page, 200, { ...pageHeaders(), 'referrer-policy': 'same-origin' });
}

function language(c: Context): Language {
  return negotiateLanguage({
    query: c.req.query('lang'),
    cookie: getCookie(c, LANGUAGE_COOKIE),
    accept: c.req.header('accept-language'),
  });
}

function json(c: Context, status: 200 | 400 | 404 | 409 | 500, content: object | LoggedRequest) {
  return c.body(JSON.stringify(content, bigintAsNumber), status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
}

/** Amounts of a sandbox stay below 2^53 fen. */
function bigintAsNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number.parseInt(value.toString(), 10) : value;
}
