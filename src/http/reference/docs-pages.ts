import { Hono } from 'hono';
import { pageHeaders } from '../../../web/design/page-headers.ts';
import { errorPage, referencePage } from '../../../web/docs/pages.tsx';
import type { App } from '../../app.ts';
import { ERRORS, type ErrorCode, Refusal } from '../../errors.ts';
import type { PageEnv } from '../request.ts';
import type { Route } from '../route.ts';
import { openApiDocument } from './openapi.ts';

/** `/openapi.json`, the same as a page `/docs`, and one page per error under `/docs/errors/`. */
export function docsPages(app: App, routes: readonly Route[]): Hono<PageEnv> {
  const pages = new Hono<PageEnv>();
  let made: { readonly json: string; readonly page: string } | undefined;
  // Made at the first request: a start need not wait for it.
  function documents() {
    if (!made) {
      const document = openApiDocument(app, routes);
      made = { json: JSON.stringify(document), page: referencePage(document) };
    }
    return made;
  }
  pages.get('/openapi.json', (c) =>
    c.body(documents().json, 200, { 'content-type': 'application/json; charset=utf-8' }),
  );
  pages.get('/docs', (c) => c.html(documents().page, 200, pageHeaders()));
  pages.get('/docs/errors/:code', (c) => {
    const code = c.req.param('code');
    if (!isErrorCode(code)) throw new Refusal('not_found');
    return c.html(errorPage(code), 200, pageHeaders());
  });
  return pages;
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
