/**
 * What a page looks like, in few letters: how much there is to see in each of its rows and columns, and the colours of twelve fields. Ink is a pixel that
 * differs from the one on its left or the one above, so that light and dark pages are the same to it; each digit is the logarithm of the ink in a bin.
 * What moves by some pixels leaves one bin for the next one, and a single letter makes ink where none was.
 */
export interface Profile {
  readonly rows: string;
  readonly columns: string;
  /** Red, green and blue of 4 × 3 fields, a hexadecimal digit each. */
  readonly colours: string;
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
}

/** Bins of a row; those of columns are as wide as high. */
const BINS = 64;
const EDGE = 24;
const FIELDS = [4, 3] as const;
const DIGITS = "0123456789abcdef";

export function profileOf({ width, height, channels, data }: Pixels): Profile {
  const bin = Math.max(1, Math.ceil(width / BINS));
  const rows = new Float64Array(Math.ceil(height / bin));
  const columns = new Float64Array(Math.ceil(width / bin));
  const fields = Array.from({ length: FIELDS[0] * FIELDS[1] }, () => [0, 0, 0, 0]);
  let [above, here] = [new Float64Array(width), new Float64Array(width)];
  const isInk = new Uint8Array(width);
  for (let y = 0; y < height; y++) {
    const from = y * width * channels;
    for (let x = 0, at = from; x < width; x++, at += channels)
      here[x] = 0.3 * data[at]! + 0.59 * data[at + 1]! + 0.11 * data[at + 2]!;
    if (y > 0) {
      for (let x = 1; x < width; x++)
        isInk[x] = Math.abs(here[x]! - here[x - 1]!) > EDGE || Math.abs(here[x]! - above[x]!) > EDGE ? 1 : 0;
      for (let column = 0; column < columns.length; column++) {
        let ink = 0;
        for (let x = column * bin; x < Math.min(width, (column + 1) * bin); x++) ink += isInk[x]!;
        columns[column]! += ink;
        rows[Math.floor(y / bin)]! += ink;
      }
      for (let part = 0; part < FIELDS[0]; part++) {
        let [r, g, b] = [0, 0, 0];
        const [left, right] = [part, part + 1].map((edge) => Math.max(1, Math.ceil((edge * width) / FIELDS[0]))) as [
          number,
          number,
        ];
        for (let at = from + left * channels; at < from + right * channels; at += channels) {
          r += data[at]!;
          g += data[at + 1]!;
          b += data[at + 2]!;
        }
        const field = fields[Math.floor((y * FIELDS[1]) / height) * FIELDS[0] + part]!;
        for (const [nth, sum] of [r, g, b, right - left].entries()) field[nth]! += sum;
      }
    }
    [above, here] = [here, above];
  }
  const digit = (ink: number) => DIGITS[ink === 0 ? 0 : Math.min(15, 1 + Math.round(Math.log2(ink)))]!;
  return {
    rows: Array.from(rows, digit).join(""),
    columns: Array.from(columns, digit).join(""),
    colours: fields.flatMap(([r, g, b, n]) => [r, g, b].map((sum) => DIGITS[Math.floor(sum! / n! / 16)]!)).join(""),
  };
}

export const printProfile = ({ rows, columns, colours }: Profile): string => `${rows} ${columns} ${colours}`;

/** @throws {Error} for what is none */
export function parseProfile(text: string): Profile {
  const [rows, columns, colours] = text.split(" ");
  if (!rows || !columns || !colours) throw new Error(`no profile of a page: ${text}`);
  return { rows, columns, colours };
}

/** How far two digits may lie apart: what is drawn twice differs by a few pixels where it is drawn by a graphics card. */
const NEAR = 1;
/** Bins of a page that may differ by more. With other fonts words are as long as they are there, and lines break elsewhere. */
const FAR_BINS = { sameFonts: 0, otherFonts: 0.25 };

/** Where two pages differ: `rows 3–5, colours`; undefined where they look alike. @param sameFonts that both were drawn with */
export function differenceOf(before: Profile, now: Profile, sameFonts: boolean): string | undefined {
  const parts = (["rows", "columns", "colours"] as const).map((part) => {
    const [one, other] = [before[part], now[part]];
    const length = Math.max(one.length, other.length);
    const far = Array.from({ length }, (_, at) => at).filter(
      (at) =>
        one[at] === undefined || other[at] === undefined || Math.abs(DIGITS.indexOf(one[at]) - DIGITS.indexOf(other[at])) > NEAR,
    );
    return { part, far, length };
  });
  const sum = parts.reduce((total, { far }) => total + far.length, 0);
  const most = sameFonts ? FAR_BINS.sameFonts : FAR_BINS.otherFonts * parts.reduce((total, { length }) => total + length, 0);
  if (sum <= most) return undefined;
  return parts
    .filter(({ far }) => far.length > 0)
    .map(({ part, far, length }) => (part === "colours" ? part : `${part} ${far[0]}–${far.at(-1)} of ${length}`))
    .join(", ");
}
