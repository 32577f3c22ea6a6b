import { type Part, parseMultipart } from '../../../protocols/alipay/multipart.ts';
import {
  type Charset,
  charsetNamed,
  type DecodedForm,
  decodeFormBytes,
  decodeValues,
  type Parameters,
} from '../../../protocols/alipay/parameters.ts';
import { parseObject } from '../../../protocols/alipay/response.ts';
import type { Incoming, Passage } from './passage.ts';

/** A request of gateway.do taken apart, nothing of it believed yet. */
export interface GatewayRequest {
  /** As sent, one character a byte: what is signed. */
  readonly bytes: Parameters;
  /** Decoded by `charset`. */
  readonly parameters: Parameters;
  /** Undefined for a charset the wire does not know. */
  readonly charset: Charset | undefined;
  readonly method: string;
  /** First name that came with two values. */
  readonly duplicate?: string;
  readonly files: readonly Part[];
}

const MULTIPART = /^multipart\/form-data/i;

/** Fields of an upload count as parameters; its files do not. */
function fromBody(incoming: Incoming): { form: DecodedForm; files: Part[] } {
  const content_type = incoming.headers['content-type'] ?? '';
  if (!MULTIPART.test(content_type)) {
    return { form: decodeFormBytes(incoming.body.toString('latin1')), files: [] };
  }
  const parts = parseMultipart(content_type, incoming.body) ?? [];
  const parameters = new Map<string, string>();
  let duplicate: string | undefined;
  for (const { name, filename, bytes } of parts) {
    if (filename !== undefined) continue;
    if (parameters.has(name)) duplicate ??= name;
    parameters.set(name, bytes.toString('latin1'));
  }
  const files = parts.filter(({ filename }) => filename !== undefined);
  return { form: duplicate === undefined ? { parameters } : { parameters, duplicate }, files };
}

export function readGateway(incoming: Incoming): GatewayRequest {
  const mark = incoming.target.indexOf('?');
  const query = decodeFormBytes(mark < 0 ? '' : incoming.target.slice(mark + 1));
  const { form, files } = fromBody(incoming);
  const bytes = new Map(query.parameters);
  let duplicate = query.duplicate ?? form.duplicate;
  for (const [name, value] of form.parameters) {
    const known = bytes.get(name);
    if (known !== undefined && known !== value) duplicate ??= name;
    else bytes.set(name, value);
  }
  const charset = charsetNamed(bytes.get('charset') ?? 'utf-8');
  const parameters = decodeValues(bytes, charset ?? 'utf-8');
  const method = parameters.get('method') ?? '';
  const read = { bytes, parameters, charset, method, files };
  return duplicate === undefined ? read : { ...read, duplicate };
}

/** Tells the passage what the call says it is. */
export function meetGateway({ parameters, method }: GatewayRequest, passage: Passage): void {
  passage.operation = method === '' ? null : method.slice(0, 128);
  passage.caller = parameters.get('app_id') ?? null;
  passage.meet(parseObject(parameters.get('biz_content') ?? ''));
}
