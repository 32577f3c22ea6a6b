import { crc32, deflateRawSync } from 'node:zlib';

/** ZIP files that say what is not so; every field can be made a lie. */
export interface Entry {
  readonly name: string | Buffer;
  readonly content: Buffer;
  readonly lie?: Partial<Claims>;
}

export interface Claims {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Where the local header is said to be. */
  readonly offset: number;
  readonly signature: number;
}

export interface Ending {
  readonly count?: number;
  readonly size?: number;
  readonly start?: number;
  readonly comment?: Buffer;
}

interface Written {
  readonly local: Buffer;
  readonly central: Buffer;
}

function written(entry: Entry, at: number): Written {
  const name = Buffer.from(entry.name);
  const data = deflateRawSync(entry.content);
  const claims: Claims = {
    flags: 0,
    method: 8,
    crc: crc32(entry.content),
    packed: data.length,
    size: entry.content.length,
    offset: at,
    signature: 0x02014b50,
    ...entry.lie,
  };
  const stored = claims.method === 0;
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(claims.flags, 2);
  common.writeUInt16LE(claims.method, 4);
  common.writeUInt32LE(claims.crc, 10);
  common.writeUInt32LE(stored && !entry.lie?.packed ? entry.content.length : claims.packed, 14);
  common.writeUInt32LE(claims.size, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([
    Buffer.from('PK\u0003\u0004'),
    common,
    name,
    stored ? entry.content : data,
  ]);
  const head = Buffer.alloc(6);
  head.writeUInt32LE(claims.signature, 0);
  head.writeUInt16LE(20, 4);
  const tail = Buffer.alloc(14);
  tail.writeUInt32LE(claims.offset, 10);
  return { local, central: Buffer.concat([head, common, tail, name]) };
}

export function zip(entries: readonly Entry[], ending: Ending = {}): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const made = written(entry, at);
    locals.push(made.local);
    centrals.push(made.central);
    at += made.local.length;
  }
  const central = Buffer.concat(centrals);
  const {
    count = entries.length,
    size = central.length,
    start = at,
    comment = Buffer.alloc(0),
  } = ending;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count & 0xffff, 8);
  end.writeUInt16LE(count & 0xffff, 10);
  end.writeUInt32LE(size >>> 0, 12);
  end.writeUInt32LE(start >>> 0, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...locals, central, end, comment]);
}

/** Every ZIP here is to be refused, whatever wallet's table is meant to be inside. */
export function badZips(name: string, good: Buffer): Readonly<Record<string, Buffer>> {
  const one = (lie: Entry['lie'], content = good) =>
    zip([{ name, content, ...(lie ? { lie } : {}) }]);
  const zeros = Buffer.alloc(100 * 1024 * 1024);
  const bomb = one(undefined, zeros);
  return {
    'a bomb': bomb,
    'a bomb that claims to be small': one({ size: 100 }, zeros.subarray(0, 50_000_000)),
    'a bomb in a bomb': zip([{ name, content: zip([{ name, content: bomb }]) }]),
    'thirty claims of a gigabyte': zip(
      Array.from({ length: 30 }, () => ({ name, content: good, lie: { size: 1e9 } })),
    ),
    'entries that are one and the same': zip(
      Array.from({ length: 31 }, () => ({
        name,
        content: zeros.subarray(0, 4_000_000),
        lie: { offset: 0 },
      })),
    ),
    'a hundred thousand entries': zip([{ name, content: good }], { count: 100_000 }),
    'the most entries': zip([{ name, content: good }], { count: 0xffff }),
    'no entries': zip([{ name, content: good }], { count: 0 }),
    'a directory behind its end': zip([{ name, content: good }], { start: 0xfffffff0 }),
    'a directory of four gigabytes': zip([{ name, content: good }], { size: 0xffffffff }),
    'sizes of ZIP64': one({ size: 0xffffffff, packed: 0xffffffff }),
    'a place of ZIP64': one({ offset: 0xffffffff }),
    'a place inside another header': one({ offset: 7 }),
    'a wrong checksum': one({ crc: 0xdeadbeef }),
    'a size too small': one({ size: good.length - 1 }),
    'a size too large': one({ size: good.length + 1 }),
    'packed bytes too few': one({ packed: 5 }),
    'an encrypted entry': one({ flags: 1 }),
    'an entry packed in a way of its own': one({ method: 99 }),
    LZMA: one({ method: 14 }),
    'a broken directory': one({ signature: 0x02014b51 }),
    nothing: Buffer.alloc(0),
    zeros: Buffer.alloc(100_000),
    text: Buffer.from('<html>not found'),
    'an end alone': zip([]),
    'an end in a comment': zip([{ name, content: good }], { comment: zip([]) }),
    noise: Buffer.from(Array.from({ length: 5_000 }, (_, nth) => (nth * 7_919) % 256)),
  };
}
