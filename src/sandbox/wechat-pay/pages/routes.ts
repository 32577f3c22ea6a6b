import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SandboxContext } from '../context.ts';
import { answerSign, SIGN_PATH } from '../onboarding/sign-page.ts';
import { answerBridge } from './bridge.ts';
import { answerH5, postH5 } from './h5.ts';
import { languageOf, text } from './layout.ts';
import { answerAuthorize, answerToken } from './oauth.ts';
import {
  failure,
  isLoopbackName,
  type PageAnswer,
  type PageRequest,
  type Pages,
  plain,
} from './page.ts';

/** Which page or small call a request is for; everything outside the API comes through here. */
export async function answerPage(
  pages: Pages,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | undefined,
): Promise<void> {
  const answer = await route(pages, request, body);
  response.writeHead(answer.status, {
    ...answer.headers,
    'Content-Length': Buffer.byteLength(answer.body),
  });
  response.end(answer.body);
}

async function route(
  pages: Pages,
  request: IncomingMessage,
  body: Buffer | undefined,
): Promise<PageAnswer> {
  if (body === undefined) return plain(413, 'body too large');
  const page = parse(pages, request, body);
  if (!page) return plain(400, 'bad request');
  if (page.url.pathname === '/sns/oauth2/access_token') return answerToken(pages, page);
  if (page.url.pathname.startsWith('/__sandbox/')) return pages.admin.answer(page);
  if (!isOwnHost(pages.context, page.host)) {
    return plain(403, 'the sandbox pages are served on loopback names only');
  }
  switch (`${page.method} ${page.url.pathname}`) {
    case 'GET /cgi-bin/mmpayweb-bin/checkmweb':
      return answerH5(pages, page);
    case 'POST /cgi-bin/mmpayweb-bin/checkmweb':
      return postH5(pages, page);
    case 'GET /connect/oauth2/authorize':
      return answerAuthorize(pages, page);
    default:
      break;
  }
  if (page.url.pathname.startsWith(SIGN_PATH)) return answerSign(pages, page);
  if (page.url.pathname.startsWith('/bridge')) return answerBridge(pages, page);
  return failure(page.language, 404, text(page.language, 'not_found'));
}

function parse(pages: Pages, request: IncomingMessage, body: Buffer): PageRequest | undefined {
  const host = request.headers.host ?? '';
  const target = request.url ?? '/';
  if (!target.startsWith('/') || !URL.canParse(target, 'http://sandbox')) return undefined;
  const url = new URL(target, 'http://sandbox');
  const cookie = /(?:^|;\s*)hutong_person=([^;]{1,64})/.exec(request.headers.cookie ?? '')?.[1];
  const wanted = url.searchParams.get('person') ?? cookie;
  const { people } = pages.context;
  return {
    method: request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'),
    url,
    body: body.toString('utf8'),
    headers: request.headers,
    language: languageOf(request.headers['accept-language']),
    origin: request.headers.origin,
    host,
    person: people.find(({ id }) => id === wanted)?.id,
  };
}

/** Refuses names that a foreign page could point at this port (DNS rebinding). */
function isOwnHost(context: SandboxContext, host: string): boolean {
  if (!URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  return isLoopbackName(hostname) || hostname === context.listen_host;
}
