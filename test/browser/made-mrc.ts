/** Of voxels of `voxelAngstrom` along x, y and z, with one byte each. */
export interface MadeMrc {
  readonly size: readonly [nx: number, ny: number, nz: number];
  readonly voxelAngstrom: readonly [x: number, y: number, z: number];
  /** Å, of the header. */
  readonly origin?: readonly [x: number, y: number, z: number];
  /** @param i place of the voxel in the file */
  readonly valueAt: (i: number) => number;
}

export function madeMrc({ size, voxelAngstrom, origin = [0, 0, 0], valueAt }: MadeMrc): Uint8Array {
  const [nx, ny, nz] = size;
  const bytes = new Uint8Array(1024 + nx * ny * nz);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of [nx, ny, nz, 0, 0, 0, 0, nx, ny, nz].entries()) view.setInt32(4 * i, value, true);
  for (const [i, count] of size.entries()) view.setFloat32(40 + 4 * i, count * voxelAngstrom[i]!, true);
  for (const i of [0, 1, 2]) view.setFloat32(52 + 4 * i, 90, true);
  for (const i of [0, 1, 2]) view.setInt32(64 + 4 * i, i + 1, true);
  view.setInt32(108, 20140, true);
  for (const [i, at] of origin.entries()) view.setFloat32(196 + 4 * i, at, true);
  bytes.set([...new TextEncoder().encode("MAP "), 0x44, 0x44], 208);
  for (let i = 1024; i < bytes.length; i++) bytes[i] = valueAt(i - 1024);
  return bytes;
}
