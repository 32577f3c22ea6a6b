import { BILL_ROUTES } from '../bills/routes.ts';
import { ECOMMERCE_ROUTES } from '../ecommerce/routes.ts';
import { MERCHANT_ROUTES } from '../merchants/routes.ts';
import { ONBOARDING_ROUTES } from '../onboarding/routes.ts';
import { ORDER_ROUTES } from '../orders/routes.ts';
import { REFUND_ROUTES } from '../refunds/routes.ts';
import { SECURITY_ROUTES } from '../security/routes.ts';
import { SHARING_ROUTES } from '../sharing/routes.ts';
import { TRANSFER_ROUTES } from '../transfers/routes.ts';
import type { Route } from './route.ts';

/** Every call under /v3/. Fixed paths win over those with variables. */
export const ROUTES: readonly Route[] = [
  ...ORDER_ROUTES,
  ...REFUND_ROUTES,
  ...SHARING_ROUTES,
  ...ECOMMERCE_ROUTES,
  ...ONBOARDING_ROUTES,
  ...BILL_ROUTES,
  ...TRANSFER_ROUTES,
  ...MERCHANT_ROUTES,
  ...SECURITY_ROUTES,
];

interface Pattern {
  readonly route: Route;
  readonly method: string;
  readonly sections: readonly string[];
}

const MAX_VARIABLE = 256;

function patternOf(route: Route): Pattern {
  const [method = '', path = ''] = route.call.split(' ');
  return { route, method, sections: path.split('/') };
}

const FIXED = new Map(
  ROUTES.filter(({ call }) => !call.includes('{')).map((route) => [route.call, route]),
);
const PATTERNS = ROUTES.filter(({ call }) => call.includes('{')).map(patternOf);

/** Is this request line one of an upload? */
export function takesUpload(method: string, target: string): boolean {
  const path = target.split('?', 1)[0] ?? '';
  return findRoute(method, path)?.route.upload === true;
}

export interface FoundRoute {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Undefined when the API has no such call. */
export function findRoute(method: string, path: string): FoundRoute | undefined {
  const fixed = FIXED.get(`${method} ${path}`);
  if (fixed) return { route: fixed, parameters: {} };
  const sections = path.split('/');
  for (const pattern of PATTERNS) {
    if (pattern.method !== method || pattern.sections.length !== sections.length) continue;
    const parameters = match(pattern.sections, sections);
    if (parameters) return { route: pattern.route, parameters };
  }
  return undefined;
}

function match(
  wanted: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, section] of wanted.entries()) {
    const text = given[index] ?? '';
    if (section.startsWith('{')) {
      const value = decoded(text);
      if (value === undefined || value === '' || value.length > MAX_VARIABLE) return undefined;
      parameters[section.slice(1, -1)] = value;
    } else if (section !== text) return undefined;
  }
  return parameters;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
