import type { V2Parameters } from '../../../protocols/wechat-pay/v2.ts';
import type { CoveredCall } from '../../coverage.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';

/**
 * One call of the second version of the API, after its signature was found right. `run` gives the
 * fields of a success, or throws a V2Refusal or the refusal of the third version that it means.
 */
export interface V2Call extends CoveredCall {
  /** Name for the fault dial. */
  readonly operation: string;
  readonly per_second?: number;
  /** Parameters that must be there beside merchant, app id, nonce and signature. */
  readonly required: readonly string[];
  readonly run: (
    context: SandboxContext,
    merchant: Merchant,
    parameters: V2Parameters,
  ) => V2Parameters;
  /** Fields of a refusal that this call has beside code and text. */
  readonly refused?: (code: string) => V2Parameters;
}

/** `result_code` FAIL: understood, signed, and not done. */
export class V2Refusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'V2Refusal';
    this.code = code;
  }
}

/** Older spellings, where the second version has its own. */
const OLDER_SPELLING: Readonly<Record<string, string>> = {
  AUTH_CODE_EXPIRED: 'AUTHCODEEXPIRE',
  FREQUENCY_LIMITED: 'FREQUENCY_LIMITED',
  NOT_ENOUGH: 'NOTENOUGH',
  NO_AUTH: 'NOAUTH',
  ORDER_CLOSED: 'ORDERCLOSED',
  ORDER_NOT_EXIST: 'ORDERNOTEXIST',
  ORDER_REVERSED: 'ORDERREVERSED',
  RESOURCE_NOT_EXISTS: 'ORDERNOTEXIST',
  SYSTEM_ERROR: 'SYSTEMERROR',
};

export function olderSpelling(code: string): string {
  return OLDER_SPELLING[code] ?? code;
}
