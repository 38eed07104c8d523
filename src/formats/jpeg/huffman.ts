import { counted } from "../../core/units.js";
import { corrupt, cutShort, type Segment } from "./frame.js";

/** Codes of this many bits are looked up at once. */
const QUICK_BITS = 9;
const CODE_BITS_MAX = 16;

/** A canonical Huffman code. */
export interface HuffmanTable {
  /** Table by the next `QUICK_BITS` bits: length of the code times 256 plus its symbol; 0 where the code is longer or is none. */
  quick: Uint16Array;
  /**
   * Tables by length of the code: one more than the last code of this length, and the number to add to a code to find its symbol.
   */
  ends: Int32Array;
  offsets: Int32Array;
  symbols: Uint8Array;
}

/** The tables of a DHT segment, by class (0 DC, 1 AC) times 4 plus number. @throws {EmporiumError} FORMAT_CORRUPT */
export function parseHuffmanTables(segment: Segment, name: string, into: Map<number, HuffmanTable>): void {
  while (segment.left > 0) {
    const start = segment.at;
    const place = segment.u8();
    const [kind, number] = [place >> 4, place & 15];
    if (kind > 1 || number > 3) throw corrupt(name, start, `Huffman table ${kind}.${number}`);
    const counts = segment.take(CODE_BITS_MAX);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total > 256) throw corrupt(name, start, `${total} Huffman codes`);
    into.set(4 * kind + number, huffmanTable(counts, segment.take(total), name, start));
  }
}

/** @param counts numbers of codes of 1, 2, … 16 bits. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array, name = "table", byte = 0): HuffmanTable {
  const table: HuffmanTable = {
    quick: new Uint16Array(1 << QUICK_BITS),
    ends: new Int32Array(CODE_BITS_MAX + 1),
    offsets: new Int32Array(CODE_BITS_MAX + 1),
    symbols: symbols.slice(),
  };
  let code = 0;
  let place = 0;
  for (let bits = 1; bits <= CODE_BITS_MAX; bits++) {
    const count = counts[bits - 1]!;
    if (code + count > 1 << bits)
      throw corrupt(name, byte, `${count} Huffman codes of ${counted(bits, "bit")}, there is no room for them`);
    table.offsets[bits] = place - code;
    for (let i = 0; i < count; i++, code++, place++) {
      if (bits > QUICK_BITS) continue;
      const first = code << (QUICK_BITS - bits);
      table.quick.fill(bits * 256 + symbols[place]!, first, first + (1 << (QUICK_BITS - bits)));
    }
    table.ends[bits] = code;
    code <<= 1;
  }
  return table;
}

/** The bits of one scan, up to the next marker. Reading past it is an error: going on with zeros would hide lost pixels. */
export class ScanBits {
  #held = 0;
  #count = 0;

  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    private readonly name: string,
  ) {}

  /** One symbol of a code. */
  symbol(table: HuffmanTable): number {
    this.#fill();
    const known = table.quick[this.#peek(QUICK_BITS)]!;
    if (known !== 0) {
      this.#drop(known >> 8);
      return known & 255;
    }
    for (let bits = QUICK_BITS + 1; bits <= CODE_BITS_MAX; bits++) {
      const code = this.#peek(bits);
      if (code >= table.ends[bits]!) continue;
      this.#drop(bits);
      return table.symbols[code + table.offsets[bits]!]!;
    }
    throw this.#count < CODE_BITS_MAX ? cutShort(this.name, this.at) : corrupt(this.name, this.at, "bits that are no code");
  }

  /** 0 to 16 bits as a number. */
  bits(count: number): number {
    if (count === 0) return 0;
    this.#fill();
    const value = this.#peek(count);
    this.#drop(count);
    return value;
  }

  /** A signed number of so many bits: the lower half of the range stands for negative ones. */
  signed(count: number): number {
    const value = this.bits(count);
    return count > 0 && value < 2 ** (count - 1) ? value - 2 ** count + 1 : value;
  }

  /** Goes over a restart marker, whose bits begin anew. */
  restart(number: number): void {
    this.#held = 0;
    this.#count = 0;
    while (this.bytes[this.at] === 0xff && this.bytes[this.at + 1] === 0xff) this.at++;
    if (this.at + 2 > this.bytes.length) throw cutShort(this.name, this.at);
    if (this.bytes[this.at] !== 0xff || this.bytes[this.at + 1] !== 0xd0 + number) {
      throw corrupt(this.name, this.at, `no restart marker ${number} where it is due`);
    }
    this.at += 2;
  }

  /** Place of the marker behind the scan. Bits that are left over are padding. */
  end(): number {
    while (this.at < this.bytes.length && !(this.bytes[this.at] === 0xff && this.bytes[this.at + 1] !== 0)) this.at++;
    return this.at;
  }

  /** At least 25 bits, or all that there are. */
  #fill(): void {
    while (this.#count <= 24 && this.at < this.bytes.length) {
      const byte = this.bytes[this.at]!;
      if (byte === 0xff) {
        if (this.bytes[this.at + 1] !== 0) return; // a marker; a byte ff of data has 00 behind it
        this.at++;
      }
      this.at++;
      this.#held = (this.#held << 8) | byte;
      this.#count += 8;
    }
  }

  /** The next bits, with zeros behind the last. */
  #peek(count: number): number {
    const mask = (1 << count) - 1;
    return this.#count >= count ? (this.#held >>> (this.#count - count)) & mask : (this.#held << (count - this.#count)) & mask;
  }

  #drop(count: number): void {
    if (count > this.#count) throw cutShort(this.name, this.at);
    this.#count -= count;
  }
}
