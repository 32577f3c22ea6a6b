import forge from 'node-forge';

/**
 * How much work a PKCS#12 file wants before it opens: it names its own rounds of hashing, at each
 * of its locks, also at locks inside locked parts. They are counted before any is opened in vain.
 */
const MAX_ROUNDS = 200_000;

type Node = forge.asn1.Asn1;

const { Class, Type } = forge.asn1;

function isOctets(node: Node | undefined): boolean {
  return node?.tagClass === Class.UNIVERSAL && node.type === Type.OCTETSTRING;
}

/** Bytes of a string that may come in pieces. */
function bytesOf({ value }: Node): string {
  return Array.isArray(value) ? value.map(bytesOf).join('') : value;
}

function partsOf(node: Node): readonly Node[] {
  if (isOctets(node)) {
    try {
      return [forge.asn1.fromDer(bytesOf(node))];
    } catch {
      return [];
    }
  }
  return Array.isArray(node.value) ? node.value : [];
}

/** Rounds stand behind their salt: `SEQUENCE { OCTET STRING, INTEGER }`, wherever it is. */
function roundsAmong(parts: readonly Node[]): number {
  let rounds = 0;
  for (const [index, { type, tagClass, value }] of parts.entries()) {
    if (tagClass !== Class.UNIVERSAL || type !== Type.INTEGER) continue;
    if (typeof value !== 'string' || !isOctets(parts[index - 1])) continue;
    rounds += value.length > 4 ? Number.POSITIVE_INFINITY : forge.asn1.derToInteger(value);
  }
  return rounds;
}

/** The content behind `SEQUENCE { data, AlgorithmIdentifier, [0] locked }`. */
function unlocked(parts: readonly Node[], password: string): readonly Node[] {
  const [, algorithm, content] = parts;
  if (parts.length !== 3 || !algorithm || content?.tagClass !== Class.CONTEXT_SPECIFIC) return [];
  const locked = forge.asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, bytesOf(content));
  const key = forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [algorithm, locked]);
  try {
    // The same locks as those of a key; what is inside need not be one.
    return [forge.pki.decryptPrivateKeyInfo(key, password)];
  } catch {
    return [];
  }
}

function roundsIn(nodes: readonly Node[], open: (parts: readonly Node[]) => readonly Node[]) {
  let rounds = 0;
  const left = [...nodes];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    const parts = partsOf(node);
    rounds += roundsAmong(parts);
    left.push(...parts, ...open(parts).filter((each) => each !== null));
  }
  return rounds;
}

export function isTooMuchWork(pfx: Node, password: string): boolean {
  // What is visible first: only a file that is cheap so far has its locked parts opened.
  if (!(roundsIn([pfx], () => []) <= MAX_ROUNDS)) return true;
  return !(roundsIn([pfx], (parts) => unlocked(parts, password)) <= MAX_ROUNDS);
}
