const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** RSA of 6144 bits. */
const MAX_CHARACTERS = 1024;

/**
 * The bytes of a signature written the one way base64 writes them. Undefined for every other
 * spelling that a lenient reader takes for the same bytes (padding left out, bits behind the last
 * byte, the alphabet of URLs, blanks), so that one signature has one text.
 */
export function signatureBytes(text: string): Buffer | undefined {
  if (text.length > MAX_CHARACTERS || text.length % 4 !== 0 || !BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
