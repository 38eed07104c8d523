/** A multi-page image of one sample a pixel: little-endian, one strip a page. */
export function tiffBytes(image: {
  readonly width: number;
  readonly height: number;
  readonly kind?: "uint8" | "float32";
  readonly lzw?: boolean;
  readonly pages: number;
  readonly pixel: (page: number, y: number, x: number) => number;
}): Uint8Array;
