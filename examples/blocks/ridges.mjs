/** The second difference along x. */
export function apply(block, core, { gain }) {
  const at = (z, y, x) => {
    const { start, stop } = block.box;
    const [nz, ny, nx] = block.whole;
    // an edge rule: the nearest voxel of the volume
    const [cz, cy, cx] = [Math.min(nz - 1, Math.max(0, z)), Math.min(ny - 1, Math.max(0, y)), Math.min(nx - 1, Math.max(0, x))];
    const row = (cz - start[0]) * (stop[1] - start[1]) + cy - start[1];
    return block.data[row * (stop[2] - start[2]) + cx - start[2]];
  };
  const result = [];
  for (let z = core.start[0]; z < core.stop[0]; z++)
    for (let y = core.start[1]; y < core.stop[1]; y++)
      for (let x = core.start[2]; x < core.stop[2]; x++)
        result.push(gain * (at(z, y, x - 1) - 2 * at(z, y, x) + at(z, y, x + 1)));
  return Float32Array.from(result);
}
