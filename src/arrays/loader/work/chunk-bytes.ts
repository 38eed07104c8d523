/** The bytes of a chunk, in a file or in the shared memory. */
export interface ChunkBytes {
  readonly length: number;
  readonly name: string;
  /** Address of bytes that are in memory already; undefined: they are read. */
  addressOf(from: number, length: number): number | undefined;
  read(from: number, length: number, to: Uint8Array, at: number): void;
}

/** A chunk of planes in C order, and the plane that the level's first one is. */
export interface FrameForm {
  readonly planes: number;
  readonly rows: number;
  readonly rowBytes: number;
  readonly firstPlane: number;
  readonly plainBytes: number;
  readonly itemBytes: number;
}
