const WASM_PAGE_BYTES = 64 * 2 ** 10;

/** Memory of its own that begins on a page, as no other buffer of Node's is sure to. @param bytes a multiple of 64 KiB */
export function pageMemory(bytes: number): Uint8Array {
  const pages = bytes / WASM_PAGE_BYTES;
  return new Uint8Array(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer);
}

/** The same, or a plain buffer where there is no address space left for it, as under `ulimit -v`: transfers of it then go through the page cache. */
export function pageBuffer(bytes: number): Buffer {
  try {
    return Buffer.from(pageMemory(bytes).buffer as ArrayBuffer);
  } catch (error) {
    if (error instanceof RangeError) return Buffer.allocUnsafeSlow(bytes);
    throw error;
  }
}
