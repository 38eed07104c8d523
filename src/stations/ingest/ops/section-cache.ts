import type { Section } from "../../../arrays/picture/render.js";

/** A section of a tomogram in grey, without what is marked in it. */
export interface GreySection extends Pick<Section, "height" | "width" | "grey"> {
  /** Planes of the tomogram. */
  readonly planes: number;
}

/** The most bytes of cached sections. A section that does not fit is read again from the target. */
const CACHE_BYTES = 64 * 2 ** 20;

/**
 * An in-memory cache for one run: the conversion of a tomogram stores its central section here for the tasks that draw its
 * pictures.
 */
export interface SectionCache {
  /** Whether a picture of the volume will be drawn. */
  awaits(volume: string): boolean;
  put(volume: string, section: GreySection): void;
  /** Removes and returns the section. */
  take(volume: string): GreySection | undefined;
}

/** @param awaited names of the volumes (`sectionCacheKey`) whose pictures are to be drawn. */
export function sectionCache(awaited: ReadonlySet<string>): SectionCache {
  const sections = new Map<string, GreySection>();
  let room = CACHE_BYTES;
  const take = (volume: string) => {
    const section = sections.get(volume);
    if (section) room += section.grey.length;
    sections.delete(volume);
    return section;
  };
  return {
    awaits: (volume) => awaited.has(volume),
    put(volume, section) {
      take(volume);
      if (section.grey.length > room) return;
      room -= section.grey.length;
      sections.set(volume, section);
    },
    take,
  };
}

/** A volume is known by the keys that it is written to. */
export function sectionCacheKey({ mrc, zarr }: { readonly mrc?: unknown; readonly zarr?: unknown }): string {
  return [mrc, zarr].map((key) => (typeof key === "string" ? key : "")).join("\n");
}
