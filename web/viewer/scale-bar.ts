/** A length that is easily read, and how it is written. */
export interface ScaleBar {
  readonly angstrom: number;
  readonly label: string;
}

/** The longest of 1, 2, 5 × 10ⁿ Å that is no longer than `lengthMax`. @param hasScale false: lengths are voxels */
export function scaleBar(lengthMax: number, hasScale = true): ScaleBar {
  const power = 10 ** Math.floor(Math.log10(lengthMax));
  const angstrom = power * (lengthMax >= 5 * power ? 5 : lengthMax >= 2 * power ? 2 : 1);
  return { angstrom, label: hasScale ? printLength(angstrom) : `${short(angstrom)} voxels` };
}

/** `5 Å`, `50 nm`, `2 µm`. */
function printLength(angstrom: number): string {
  if (angstrom < 10) return `${short(angstrom)} Å`;
  return angstrom < 10_000 ? `${short(angstrom / 10)} nm` : `${short(angstrom / 10_000)} µm`;
}

const short = (value: number) => String(Number(value.toPrecision(3)));
