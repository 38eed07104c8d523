import type { MeshPart } from "./mesh.js";

/**
 * Merges vertices of a part with equal coordinates (−0 equals 0, no rounding); keeps the first, in file order.
 *
 * Cost: one pass with a hash table of 4 bytes a slot, at most half full.
 */
export function mergeVertices({ name, positions, triangles }: MeshPart): MeshPart {
  const count = positions.length / 3;
  const slots = 2 ** Math.ceil(Math.log2(Math.max(2, count * 2)));
  const table = new Uint32Array(slots); // 0 is free, else the number of a kept vertex, plus 1
  const merged = new Uint32Array(count);
  const kept = positions.slice();
  // scratch to see the bits of three numbers, whose sum with 0 turns −0 into 0
  const numbers = new Float64Array(3);
  const bits = new Uint32Array(numbers.buffer);
  let unique = 0;
  for (let vertex = 0; vertex < count; vertex++) {
    for (let axis = 0; axis < 3; axis++) numbers[axis] = positions[vertex * 3 + axis]! + 0;
    let slot = hash(bits) & (slots - 1);
    for (;;) {
      const found = table[slot]!;
      if (found === 0) {
        kept.set(numbers, unique * 3);
        table[slot] = ++unique;
        merged[vertex] = unique - 1;
        break;
      }
      const at = (found - 1) * 3;
      if (kept[at] === numbers[0] && kept[at + 1] === numbers[1] && kept[at + 2] === numbers[2]) {
        merged[vertex] = found - 1;
        break;
      }
      slot = (slot + 1) & (slots - 1);
    }
  }
  return { name, positions: kept.slice(0, unique * 3), triangles: triangles.map((vertex) => merged[vertex]!) };
}

/** Finaliser of MurmurHash3 over six words: grids of equal steps spread as well as noise. */
function hash(words: Uint32Array): number {
  let value = 0;
  for (let at = 0; at < words.length; at++) {
    value = Math.imul(value ^ words[at]!, 0x85ebca6b);
    value ^= value >>> 13;
    value = Math.imul(value, 0xc2b2ae35);
    value ^= value >>> 16;
  }
  return value >>> 0;
}
