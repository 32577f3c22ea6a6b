import { timingSafeEqual } from 'node:crypto';
import { newSecret } from '../numbers.ts';
import { choosePerson } from './h5.ts';
import { redirectTarget, text } from './layout.ts';
import { failure, json, type PageAnswer, type PageRequest, type Pages, redirect } from './page.ts';

/**
 * OAuth of the in-wallet browser: the authorize page sends the browser back with a one-time code,
 * the token call turns the code into the person's openid at this app id.
 * https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
 */
/** GET /connect/oauth2/authorize */
export function answerAuthorize(pages: Pages, page: PageRequest): PageAnswer {
  const { language, person } = page;
  const query = page.url.searchParams;
  const app = pages.context.apps.of(query.get('appid') ?? '');
  if (!app) return failure(language, 400, text(language, 'bad_appid'));
  const back = redirectTarget(query.get('redirect_uri'));
  if (!back) return failure(language, 400, text(language, 'bad_redirect'));
  if (person === undefined) return choosePerson(pages, page, 'login');
  const scope = query.get('scope') === 'snsapi_userinfo' ? 'snsapi_userinfo' : 'snsapi_base';
  back.searchParams.set('code', pages.codes.issue({ person, appid: app.appid, scope }));
  back.searchParams.set('state', (query.get('state') ?? '').slice(0, 512));
  return redirect(302, back);
}

/** GET /sns/oauth2/access_token: always 200, errors in `errcode`. */
export function answerToken(pages: Pages, page: PageRequest): PageAnswer {
  const query = page.url.searchParams;
  const app = pages.context.apps.of(query.get('appid') ?? '');
  if (!app) return json(200, { errcode: 40013, errmsg: 'invalid appid' });
  if (!sameSecret(query.get('secret') ?? '', app.app_secret)) {
    return json(200, { errcode: 40125, errmsg: 'invalid appsecret' });
  }
  if (query.get('grant_type') !== 'authorization_code') {
    return json(200, { errcode: 40002, errmsg: 'invalid grant_type' });
  }
  const grant = pages.codes.take(query.get('code') ?? '');
  if (grant === 'used') return json(200, { errcode: 40163, errmsg: 'code been used' });
  if (!grant || grant.appid !== app.appid) {
    return json(200, { errcode: 40029, errmsg: 'invalid code' });
  }
  const { random } = pages.context;
  return json(200, {
    access_token: newSecret(random) + newSecret(random),
    expires_in: 7200,
    refresh_token: newSecret(random) + newSecret(random),
    openid: pages.context.openid(grant.person, app),
    scope: grant.scope,
  });
}

function sameSecret(given: string, kept: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(kept);
  return a.length === b.length && timingSafeEqual(a, b);
}
