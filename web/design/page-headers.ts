/** The headers of every page: nothing inline, nothing from elsewhere, never cached or framed. */
export function pageHeaders(
  options: { script_origins?: readonly string[] } = {},
): Record<string, string> {
  const scripts = ["'self'", ...(options.script_origins ?? [])].join(' ');
  return {
    'content-security-policy': [
      "default-src 'none'",
      "style-src 'self'",
      `script-src ${scripts}`,
      "img-src 'self'",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'cross-origin-opener-policy': 'same-origin',
    vary: 'accept-language, cookie',
  };
}
