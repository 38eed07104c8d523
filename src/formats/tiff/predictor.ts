import { HOST_LITTLE_ENDIAN } from "../../core/dtype.js";

/**
 * Undoes horizontal differencing in place: each sample is the difference from the one `step` samples before in its row.
 *
 * @param plain rows of `samples` integers each, host byte order, aligned to their size.
 */
export function undoDifferences(plain: Uint8Array, samples: number, step: number, itemBytes: number): void {
  if (itemBytes === 8) {
    const values = new BigUint64Array(plain.buffer, plain.byteOffset, plain.byteLength / 8);
    for (let row = 0; row < values.length; row += samples)
      for (let i = row + step; i < row + samples; i++) values[i]! += values[i - step]!;
    return;
  }
  const View = itemBytes === 4 ? Uint32Array : itemBytes === 2 ? Uint16Array : Uint8Array;
  const values = new View(plain.buffer as ArrayBuffer, plain.byteOffset, plain.byteLength / itemBytes);
  for (let row = 0; row < values.length; row += samples)
    for (let i = row + step; i < row + samples; i++) values[i] = values[i]! + values[i - step]!;
}

/**
 * Undoes the floating-point predictor: a row holds the highest bytes of all samples, then the next, and so on, and each byte is
 * the difference from the one `step` before it.
 *
 * @param stored rows of `samples` numbers each; changed.
 * @returns the numbers in host byte order, those of 24 bits highest byte first.
 * Source: TIFF technical note 3 (Adobe, 2005).
 */
export function undoFloatPredictor(stored: Uint8Array, samples: number, step: number, sampleBytes: number): Uint8Array {
  const plain = new Uint8Array(stored.length);
  const rowBytes = samples * sampleBytes;
  const lowestFirst = HOST_LITTLE_ENDIAN && sampleBytes !== 3;
  for (let row = 0; row + rowBytes <= stored.length; row += rowBytes) {
    for (let i = row + step; i < row + rowBytes; i++) stored[i] = stored[i]! + stored[i - step]!;
    for (let byte = 0; byte < sampleBytes; byte++) {
      const from = row + byte * samples;
      const place = lowestFirst ? sampleBytes - 1 - byte : byte;
      for (let i = 0; i < samples; i++) plain[row + i * sampleBytes + place] = stored[from + i]!;
    }
  }
  return plain;
}
