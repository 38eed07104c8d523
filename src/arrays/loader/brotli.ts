import { brotliDecompress } from "node:zlib";
import type { Brotli } from "../../formats/precomputed/read.js";

/** The platform's Brotli decoder. What is no stream is undefined. */
export const brotli: Brotli = (bytes, bytesMax) =>
  new Promise((resolve) => {
    brotliDecompress(bytes, { maxOutputLength: bytesMax }, (error, plain) => resolve(error ? undefined : plain));
  });
