import { Refusal } from '../../errors.ts';
import { isWireObject } from '../../protocols/wechat-pay/messages.ts';

/** App ids beside an account's first, as its settings name them. */
export const APP_ID = /^wx[0-9a-f]{16}$/;

const RULES = {
  appids: { key: /^(?:app|mini_program)$/, rule: 'must map app, mini_program to app ids' },
  sub_appids: { key: /^\d{8,10}$/, rule: 'must map seller numbers to app ids' },
} as const;

type Ids = Record<string, string>;

/** Those that are given; throws where one is no app id, or stands under a wrong name. */
export function furtherAppIds(given: Readonly<Record<string, unknown>>): Record<string, Ids> {
  const found: Record<string, Ids> = {};
  for (const [name, { key, rule }] of Object.entries(RULES)) {
    const value = given[name];
    if (value === undefined) continue;
    const entries = isWireObject(value) ? Object.entries(value) : [['', value] as const];
    const good = entries.every(([each, id]) => key.test(each) && APP_ID.test(String(id)));
    if (!good) throw wrong(`settings.${name}`, rule);
    found[name] = Object.fromEntries(entries.map(([each, id]) => [each, String(id)]));
  }
  return found;
}

/** Of a setting that was parsed before. */
export function idsOf(value: unknown): Map<string, string> {
  const entries = isWireObject(value) ? Object.entries(value) : [];
  return new Map(entries.map(([name, id]) => [name, String(id)]));
}

/** The app id an order names, or the first; a sentence when it is none of this merchant's. */
export function namedApp(
  { appid, appids }: { readonly appid: string; readonly appids: ReadonlyMap<string, string> },
  named: string | undefined,
): { readonly appid: string } | { readonly problem: string } {
  if (named === undefined || named === appid) return { appid };
  if ([...appids.values()].includes(named)) return { appid: named };
  return { problem: `${named.slice(0, 32)} is no app id of this account (settings.appids).` };
}

export function wrong(param: string, rule: string): Refusal {
  return new Refusal('invalid_parameter', { param, message: `${param} ${rule}.` });
}
