import type { SandboxAction } from '../../src/sandbox/admin/actions.ts';
import type { ActionField } from '../../src/sandbox/admin/forms.ts';
import type { SandboxWallet } from '../../src/sandbox/sandbox.ts';
import type { Language } from '../design/language.ts';

/** What every page of a wallet's desk shows: whose desk it is, and where one is on it. */
export interface Desk {
  readonly wallet: SandboxWallet;
  readonly language: Language;
  /** Path of this page. */
  readonly here: string;
  readonly query: URLSearchParams;
  readonly counts: { readonly calls: number; readonly actions: number; readonly coverage: number };
}

export interface ShownAction extends SandboxAction {
  readonly fields: readonly ActionField[];
}

/** What came of an action, shown beside its form. */
export interface ActionResult {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
  readonly given: Readonly<Record<string, string>>;
}

export const DESK = '/__sandbox';
