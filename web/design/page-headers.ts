/**
 * The headers of every page: nothing inline, nothing from elsewhere, never cached or framed.
 * `wallet_origins` are the sandbox wallets whose bridge this page must load.
 */
export function pageHeaders(
  options: { wallet_origins?: readonly string[] } = {},
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
      "form-action 'self'",
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
