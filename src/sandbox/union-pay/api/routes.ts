import { BILL_ROUTES } from '../bills/routes.ts';
import { ORDER_ROUTES } from '../orders/routes.ts';
import { RETURN_ROUTES } from '../refunds/routes.ts';
import { callName, type Route } from './route.ts';

/** Every call that programs make; the browser's one is in `pages/`. */
export const ROUTES: readonly Route[] = [...ORDER_ROUTES, ...RETURN_ROUTES, ...BILL_ROUTES];

const BY_CALL = new Map(ROUTES.map((route) => [route.call, route]));

export function routeOf(file: string, txnType: string, txnSubType: string): Route | undefined {
  return BY_CALL.get(callName(file, txnType, txnSubType));
}
