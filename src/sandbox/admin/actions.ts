import type { z } from 'zod';

/**
 * Something a developer may do to a wallet beyond its API: rotate a certificate, decide a seller's
 * application, empty an account. Listed and called at `/__sandbox/` of the wallet's own port, and
 * by tests. `run` throws an ActionRefusal for what cannot be done.
 */
export interface SandboxAction {
  /** Path below `/__sandbox/actions/`, e.g. `certificates/rotate`. */
  readonly name: string;
  /** One sentence, English. */
  readonly summary: string;
  readonly input: z.ZodType;
  run(input: unknown): Promise<object> | object;
}

/** Declares an action whose handler takes what its schema gives. */
export function sandboxAction<T>(action: {
  name: string;
  summary: string;
  input: z.ZodType<T>;
  run: (input: T) => Promise<object> | object;
}): SandboxAction {
  return { ...action, run: (input) => action.run(action.input.parse(input)) };
}

export class ActionRefusal extends Error {
  readonly status: 400 | 404 | 409;
  constructor(status: ActionRefusal['status'], message: string) {
    super(message);
    this.status = status;
  }
}
