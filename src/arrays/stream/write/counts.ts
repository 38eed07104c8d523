import { mkdir, open, rename, writeFile } from "node:fs/promises";
import { COUNTS_BYTES } from "../plan/forms.js";

/** Counts of voxels by value, added up over units. Those of finished units are kept in `scratch` for a later attempt. */
export class Counts {
  readonly bins = new Float64Array(COUNTS_BYTES / 4);

  constructor(private readonly scratch: string | undefined) {}

  add(counts: Uint32Array): void {
    for (let bin = 0; bin < counts.length; bin++) this.bins[bin]! += counts[bin]!;
  }

  async keep(unit: number, counts: Uint32Array): Promise<void> {
    if (this.scratch === undefined || counts.length === 0) return;
    const path = this.path(unit);
    await mkdir(this.scratch, { recursive: true });
    await writeFile(`${path}.part`, counts);
    await rename(`${path}.part`, path);
  }

  async addKept(unit: number): Promise<void> {
    const file = await open(this.path(unit), "r");
    try {
      const counts = new Uint32Array(COUNTS_BYTES / 4);
      await file.read(new Uint8Array(counts.buffer), 0, counts.byteLength, 0);
      this.add(counts);
    } finally {
      await file.close();
    }
  }

  private path(unit: number): string {
    return `${this.scratch!}/counts-${unit}.bin`;
  }
}
