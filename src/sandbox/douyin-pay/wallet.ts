import type { SandboxOptions } from '../sandbox.ts';
import type { Books } from './books.ts';
import type { Keys } from './keys.ts';
import type { Notices } from './notices.ts';

/** What the parts of one running sandbox share. */
export interface DouyinPay {
  readonly options: SandboxOptions;
  readonly keys: Keys;
  readonly books: Books;
  readonly notices: Notices;
  /** Root URL, set when the port is known. */
  url: string;
  /** Runs once after real milliseconds, unless the sandbox stops before. */
  later(work: () => void, wait_ms: number): void;
}

/** An error answer in the wallet's form. */
export class DouyinRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: object | undefined;
  constructor(status: number, code: string, message: string, detail?: object) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

export function systemError(): DouyinRefusal {
  return new DouyinRefusal(500, 'SYSTEM_ERROR', '系统异常，请用相同参数重新调用');
}
