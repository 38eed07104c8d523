/**
 * The parts of the WebAssembly API that we use. Node has all of it, but its types (major 20) leave it out; where the DOM library is
 * compiled in, as for the browser, its own declarations serve and this file is not read.
 */
declare namespace WebAssembly {
  // biome-ignore lint/suspicious/noEmptyInterface: an alias would clash with the interface of this name that h5wasm declares
  interface Module {}
  const Module: { prototype: Module; new (bytes: Uint8Array): Module };

  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  const Instance: { prototype: Instance; new (module: Module, imports?: Record<string, Record<string, unknown>>): Instance };

  interface Memory {
    readonly buffer: ArrayBufferLike;
    /** Adds pages of 64 KiB; returns how many there were. */
    grow(pages: number): number;
  }
  const Memory: { prototype: Memory; new (descriptor: { initial: number; maximum?: number; shared?: boolean }): Memory };
}
