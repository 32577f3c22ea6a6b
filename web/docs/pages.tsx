import type { ErrorCode } from '../../src/errors.ts';
import { ErrorPage, ReferencePage } from './reference.tsx';
import type { ApiDocument } from './schema.ts';

/** The reference as HTML text; `document` is the OpenAPI document the routes gave. */
export function referencePage(document: object): string {
  // The generator's types are wider than what our own routes can give.
  const known = document as ApiDocument;
  return String(<ReferencePage document={known} />);
}

export function errorPage(code: ErrorCode): string {
  return String(<ErrorPage code={code} />);
}
