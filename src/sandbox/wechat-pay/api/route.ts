import type { WireObject } from '../../../protocols/wechat-pay/messages.ts';
import type { UploadFile } from '../../../protocols/wechat-pay/multipart.ts';
import type { CoveredCall } from '../../coverage.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';

/**
 * One call of the API after authentication. `call` is its method and path with variables in braces;
 * its sections are what `RouteCall.parameters` has. An answer without content is a 204.
 */
export interface Route extends CoveredCall {
  /** Name for the fault dial. */
  readonly operation: string;
  /** A merchant's calls of this operation a second, as the wallet states it. */
  readonly per_second?: number;
  /** A file comes as multipart/form-data; the signature covers its `meta` part alone. */
  readonly upload?: true;
  readonly run: (
    context: SandboxContext,
    merchant: Merchant,
    call: RouteCall,
  ) => RouteAnswer | Promise<RouteAnswer>;
}

/** Content is a 200, undefined a 204, the classes say it themselves. */
export type RouteAnswer = object | StatusAnswer | FileAnswer | undefined;

/** Content under another status than 200, signed like any other. */
export class StatusAnswer {
  readonly status: number;
  readonly content: object;
  constructor(status: number, content: object) {
    this.status = status;
    this.content = content;
  }
}

/** Bytes, not JSON; never signed. */
export class FileAnswer {
  readonly content_type: string;
  readonly body: Buffer;
  constructor(content_type: string, body: Buffer) {
    this.content_type = content_type;
    this.body = body;
  }
}

export interface RouteCall {
  /** The decoded variable parts of the path, by the names in `Route.call`. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Empty for GET; for an upload the `meta` part. */
  readonly body: WireObject;
  /** The request's Wechatpay-Serial; empty when it has none. */
  readonly serial: string;
  /** Opens a field that was encrypted to the key of Wechatpay-Serial; undefined when it cannot. */
  readonly open: (ciphertext: string) => string | undefined;
  /** Encrypts a field to the certificate under which the call was signed. */
  readonly seal: (text: string) => string;
  /** The file of an upload. */
  readonly file?: UploadFile;
}
