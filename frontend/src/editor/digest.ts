// A number that tells a text from others, the same as the server makes of it: CRC-32 of its UTF-8. Pure.
// Used by the line when it joins: after a backup was put back, a version that is known here may be another text there.

const POLYNOMIAL = 0xedb88320;

/** By byte; made when it is first needed. */
let table: Uint32Array | null = null;

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    return crc;
  });
}

export function digestOf(text: string): number {
  table ??= makeTable();
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}
