export const BOMB_BYTES: number;
export const BZIP2_PIECE: number;
export const XZ_BYTES: number;
type Bomb = (bytes?: number, head?: Uint8Array) => Buffer;
export const zlibBomb: Bomb;
export const gzipBomb: Bomb;
export const bzip2Bomb: Bomb;
export function bzip2Of(plain: Uint8Array): Buffer;
export function xzBomb(): Buffer;
export function zstdBomb(bytes?: number): Buffer;
export function lz4Block(bytes: number): Buffer;
export function lz4Bomb(bytes?: number): Buffer;
export function bloscBomb(inner?: "lz4" | "zlib" | "zstd", promised?: number): Buffer;
export function brotliBomb(bytes?: number): Buffer;
export function lzwBomb(bytes: number): Buffer;
export function packBitsBomb(bytes: number): Buffer;
/** @param shape `[z, y, x]` */
export function mrcHead(shape: readonly [number, number, number]): Buffer;
/** A page of bytes, in one strip or in several that are the same. @param shape `[y, x]` */
export function tiffOf(compression: number, shape: readonly [number, number], strip: Uint8Array, count?: number): Buffer;
/** Files of each by their keys. */
export function bombs(): Record<string, Record<string, Buffer>>;
/** @returns the names */
export function writeBombs(folder: string, wanted?: (name: string) => boolean): Promise<string[]>;
