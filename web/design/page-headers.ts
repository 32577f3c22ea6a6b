/**
 * The headers of every page: nothing inline, nothing from elsewhere, never cached or framed.
 * `wallet_origins` are the sandbox wallets whose bridge this page must load; `form_to` is the
 * wallet's page that a form of this page is sent to.
 */
export function pageHeaders(
  options: { wallet_origins?: readonly string[]; form_to?: string | undefined } = {},
): Record<string, string> {
  const origins = options.wallet_origins ?? [];
  const own = ["'self'", ...origins].join(' ');
  return {
    'content-security-policy': [
      "default-src 'none'",
      "style-src 'self'",
      `script-src ${own}`,
      "img-src 'self'",
      `connect-src ${own}`,
      ...(origins.length === 0 ? [] : [`frame-src ${origins.join(' ')}`]),
      ['form-action', "'self'", ...formTargets(options.form_to)].join(' '),
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    vary: 'accept-language, cookie',
  };
}

/**
 * Browsers hold a form to its list through every redirect that follows, and a wallet's gateway
 * hands over to its cashier on a neighbouring host.
 */
function formTargets(url: string | undefined): string[] {
  if (url === undefined) return [];
  const { origin, protocol, hostname } = new URL(url);
  const parent = hostname.split('.').slice(1);
  const named = protocol === 'https:' && parent.length >= 2 && !/^[\d.]+$/.test(hostname);
  return named ? [origin, `https://*.${parent.join('.')}`] : [origin];
}
