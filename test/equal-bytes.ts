import { expect } from "vitest";

/**
 * Vitest compares typed arrays element by element, twice and as objects: seconds for a picture. Arrays of one type and the same bytes are equal;
 * what has other bytes is compared as ever, which says where it differs.
 */
expect.addEqualityTesters([
  (one, other) =>
    ArrayBuffer.isView(one) &&
    ArrayBuffer.isView(other) &&
    one.constructor === other.constructor &&
    one.byteLength === other.byteLength &&
    Buffer.compare(bytesOf(one), bytesOf(other)) === 0
      ? true
      : undefined,
]);

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);
