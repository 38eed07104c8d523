/** Planes that a picture shows, added up: thin enough to see through, thick enough to rise above the noise. */
export const SLAB_PLANES = 40;

/**
 * The middle planes of a volume, `z0` to before `z1`; all planes of a thin volume.
 *
 * Source: `project_slab` in cryoet-data-portal-backend `common/make_key_image.py`; for thin volumes its negative `z0` takes
 * planes from the end.
 */
export function centralSlab(planes: number): { z0: number; z1: number } {
  const z0 = Math.floor(planes / 2) - SLAB_PLANES / 2;
  return { z0: Math.max(0, z0), z1: Math.min(planes, z0 + SLAB_PLANES) };
}
