import { counted } from "../../core/units.js";
import { corrupt, type JpegFrame, type Segment, unsupported } from "./frame.js";
import { type HuffmanTable, ScanBits } from "./huffman.js";

/** Coefficients of one component: 64 for each of `across` × `down` blocks, in row-major order, not in zigzag order. */
export interface Plane {
  h: number;
  v: number;
  across: number;
  down: number;
  /** Blocks that the picture itself reaches; the others fill up the last units. */
  usedAcross: number;
  usedDown: number;
  coefficients: Int16Array;
}

/** Place in its 8×8 block of each coefficient, in the order of storage. */
export const ZIGZAG = Uint8Array.from([
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62,
    63,
  ],
]);

export function planesOf({ width, height, components }: JpegFrame): Plane[] {
  const maxH = Math.max(...components.map(({ h }) => h));
  const maxV = Math.max(...components.map(({ v }) => v));
  const unitsAcross = Math.ceil(width / (8 * maxH));
  const unitsDown = Math.ceil(height / (8 * maxV));
  return components.map(({ h, v }) => {
    const [across, down] = [unitsAcross * h, unitsDown * v];
    const usedAcross = Math.ceil(Math.ceil((width * h) / maxH) / 8);
    const usedDown = Math.ceil(Math.ceil((height * v) / maxV) / 8);
    return { h, v, across, down, usedAcross, usedDown, coefficients: new Int16Array(64 * across * down) };
  });
}

/** Pass over the coefficients, as a scan's header describes it. */
interface Pass {
  /** First and last coefficient, in the order of the zigzag. */
  first: number;
  last: number;
  /** Bits left out by earlier passes, and by this one. */
  high: number;
  low: number;
}

interface ScanComponent {
  plane: Plane;
  dc: HuffmanTable | undefined;
  ac: HuffmanTable | undefined;
  prediction: number;
}

export interface ScanContext {
  bytes: Uint8Array;
  name: string;
  frame: JpegFrame;
  planes: readonly Plane[];
  tables: ReadonlyMap<number, HuffmanTable>;
  restartInterval: number;
}

/**
 * Reads one scan, header and bits, into the coefficients.
 *
 * @param segment the header, behind which the bits begin.
 * @returns place of the marker behind the scan, and the components that it had.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_TRUNCATED, FORMAT_UNSUPPORTED.
 */
export function readScan(segment: Segment, context: ScanContext): { end: number; seen: Plane[] } {
  const { bytes, name, frame, restartInterval } = context;
  const start = segment.at;
  const { components, pass } = scanHeader(segment, context);
  const bits = new ScanBits(bytes, segment.end, name);
  const readBlock = frame.progressive ? progressiveReader(bits, pass) : baselineReader(bits);
  const alone = components.length === 1 ? components[0] : undefined;
  const units = alone ? alone.plane.usedAcross * alone.plane.usedDown : unitCount(context.planes[0]!);
  const across = alone ? alone.plane.usedAcross : context.planes[0]!.across / context.planes[0]!.h;
  for (let unit = 0; unit < units; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      bits.restart((unit / restartInterval - 1) % 8);
      for (const component of components) component.prediction = 0;
      readBlock.restart();
    }
    const column = unit % across;
    const row = Math.floor(unit / across);
    if (alone) {
      readBlock.read(alone, 64 * (row * alone.plane.across + column));
      continue;
    }
    for (const component of components) {
      const { h, v, across: blocks } = component.plane;
      for (let y = 0; y < v; y++) {
        for (let x = 0; x < h; x++) readBlock.read(component, 64 * ((row * v + y) * blocks + column * h + x));
      }
    }
  }
  const end = bits.end();
  if (end <= start) throw corrupt(name, start, "a scan without bits");
  return { end, seen: components.map(({ plane }) => plane) };
}

function unitCount({ across, down, h, v }: Plane): number {
  return (across / h) * (down / v);
}

function scanHeader(segment: Segment, { name, frame, planes, tables }: ScanContext): { components: ScanComponent[]; pass: Pass } {
  const start = segment.at;
  const count = segment.u8();
  if (count < 1 || count > frame.components.length) throw corrupt(name, start, `a scan of ${count} components`);
  const chosen = Array.from({ length: count }, () => ({ id: segment.u8(), tables: segment.u8() }));
  const pass: Pass = { first: segment.u8(), last: segment.u8(), high: 0, low: 0 };
  const shifts = segment.u8();
  pass.high = shifts >> 4;
  pass.low = shifts & 15;
  if (frame.progressive) {
    const wrong = pass.first > pass.last || pass.last > 63 || pass.low > 13 || (pass.high > 0 && pass.high !== pass.low + 1);
    if (wrong || (pass.first === 0 && pass.last > 0) || (pass.first > 0 && count > 1)) {
      throw corrupt(name, start, `a scan of coefficients ${pass.first} to ${pass.last}, bits ${pass.high} to ${pass.low}`);
    }
  }
  const components = chosen.map(({ id, tables: numbers }): ScanComponent => {
    const at = frame.components.findIndex((one) => one.id === id);
    if (at < 0) throw corrupt(name, start, `a scan of component ${id}, which the frame does not have`);
    const dc = tables.get(numbers >> 4);
    const ac = tables.get(4 + (numbers & 15));
    const needsDc = !frame.progressive || (pass.first === 0 && pass.high === 0);
    const needsAc = !frame.progressive || pass.first > 0;
    if ((needsDc && !dc) || (needsAc && !ac)) throw unsupported(name, start, "JPEG without its own Huffman tables");
    return { plane: planes[at]!, dc, ac, prediction: 0 };
  });
  if (new Set(components.map(({ plane }) => plane)).size < count) throw corrupt(name, start, "a scan has one component twice");
  const blocks = components.reduce((sum, { plane }) => sum + plane.h * plane.v, 0);
  if (count > 1 && blocks > 10) throw corrupt(name, start, `${counted(blocks, "block")} in a unit, 10 at most`);
  return { components, pass };
}

interface BlockReader {
  read(component: ScanComponent, at: number): void;
  restart(): void;
}

function baselineReader(bits: ScanBits): BlockReader {
  return {
    restart() {},
    read(component, at) {
      const { coefficients } = component.plane;
      component.prediction += bits.signed(bits.symbol(component.dc!) & 15);
      coefficients[at] = component.prediction;
      for (let k = 1; k < 64; k++) {
        const symbol = bits.symbol(component.ac!);
        const size = symbol & 15;
        const run = symbol >> 4;
        if (size === 0) {
          if (run < 15) return; // the rest is zeros
          k += 15;
          continue;
        }
        k += run;
        const value = bits.signed(size);
        if (k < 64) coefficients[at + ZIGZAG[k]!] = value;
      }
    },
  };
}

/** Passes of a progressive image: DC coefficients, or some AC coefficients; first their upper bits, then one bit a pass. */
function progressiveReader(bits: ScanBits, pass: Pass): BlockReader {
  const { first, last, high, low } = pass;
  const one = 1 << low;
  /** Blocks that hold nothing more of this pass. */
  let endRun = 0;
  const readers = {
    dcFirst(component: ScanComponent, at: number) {
      component.prediction += bits.signed(bits.symbol(component.dc!) & 15);
      component.plane.coefficients[at] = component.prediction << low;
    },
    dcMore({ plane }: ScanComponent, at: number) {
      if (bits.bits(1) === 1) plane.coefficients[at]! |= one;
    },
    acFirst({ plane, ac }: ScanComponent, at: number) {
      if (endRun > 0) {
        endRun--;
        return;
      }
      for (let k = first; k <= last; k++) {
        const symbol = bits.symbol(ac!);
        const size = symbol & 15;
        const run = symbol >> 4;
        if (size === 0) {
          if (run < 15) {
            endRun = (1 << run) + bits.bits(run) - 1;
            return;
          }
          k += 15;
          continue;
        }
        k += run;
        const value = bits.signed(size) << low;
        if (k <= last) plane.coefficients[at + ZIGZAG[k]!] = value;
      }
    },
    acMore({ plane: { coefficients }, ac }: ScanComponent, at: number) {
      let k = first;
      if (endRun === 0) {
        for (; k <= last; k++) {
          const symbol = bits.symbol(ac!);
          let run = symbol >> 4;
          let value = 0;
          if ((symbol & 15) !== 0) value = bits.bits(1) === 1 ? one : -one;
          else if (run < 15) {
            endRun = (1 << run) + bits.bits(run);
            break;
          }
          for (; k <= last; k++) {
            const place = at + ZIGZAG[k]!;
            if (coefficients[place] !== 0) refine(coefficients, place);
            else if (--run < 0) break;
          }
          if (value !== 0 && k <= last) coefficients[at + ZIGZAG[k]!] = value;
        }
      }
      if (endRun === 0) return;
      for (; k <= last; k++) {
        const place = at + ZIGZAG[k]!;
        if (coefficients[place] !== 0) refine(coefficients, place);
      }
      endRun--;
    },
  };
  function refine(coefficients: Int16Array, place: number): void {
    const value = coefficients[place]!;
    if (bits.bits(1) === 1 && (value & one) === 0) coefficients[place] = value + (value > 0 ? one : -one);
  }
  const read = first === 0 ? (high === 0 ? readers.dcFirst : readers.dcMore) : high === 0 ? readers.acFirst : readers.acMore;
  return {
    read,
    restart() {
      endRun = 0;
    },
  };
}
