/** Planes that a picture shows, added up: thin enough to see through, thick enough to rise above the noise. */
export const SLAB_PLANES = 40;

/**
 * The planes in the middle of a volume, `z0 … z1`, the last one not among them. A thinner volume is shown whole.
 *
 * Source: `project_slab` in cryoet-data-portal-backend `common/make_key_image.py`, which lets `z0` become negative for thin volumes and then
 * takes a few planes from the end.
 */
export function centralSlab(planes: number): { z0: number; z1: number } {
  const z0 = Math.floor(planes / 2) - SLAB_PLANES / 2;
  return { z0: Math.max(0, z0), z1: Math.min(planes, z0 + SLAB_PLANES) };
}
