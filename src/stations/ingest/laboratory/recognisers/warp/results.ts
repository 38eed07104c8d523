/** What a file of a folder of results is, by its place below it. */
export type Kind = "metadata" | "volume" | "matching" | "stack" | { readonly leftOut: string };

const out = (leftOut: string): Kind => ({ leftOut });

/** Below a folder of frame series. Source: `Movie.cs` in warpem/warp's WarpLib. */
const FRAMES: readonly (readonly [form: RegExp, kind: Kind])[] = [
  [/^average\/(?:even|odd)(?:\/|$)/, out("an average of half of the frames of one tilt")],
  [/^average\/denoised(?:\/|$)/, out("the denoised average of the frames of one tilt")],
  [/^average(?:\/|$)/, out("the average of the frames of one tilt")],
  [/^powerspectrum(?:\/|$)/, out("a power spectrum")],
  [/^deconv(?:\/|$)/, out("the deconvolved average of the frames of one tilt")],
  [/^mask(?:\/|$)/, out("a mask of one tilt's image")],
  [/^segmentation(?:\/|$)/, out("a segmentation of one tilt's image")],
  [/^motion(?:\/|$)/, out("the motion between the frames of one tilt")],
  [/^thumbnails(?:\/|$)/, out("a picture for display")],
  [/^denoising(?:\/|$)/, out("what a denoiser of images was trained with")],
  [/^(?:particles|matching)(?:\/|$)/, out("particles in the images of single tilts")],
  [/^logs(?:\/|$)/, out("a log of Warp")],
];

/** Below a folder of tilt series. Source: `TiltSeries.cs` in warpem/warp's WarpLib. */
const TILTS: readonly (readonly [form: RegExp, kind: Kind])[] = [
  [/^reconstruction\/ctf(?:\/|$)/, out("the CTF of half maps, for a denoiser")],
  [/^reconstruction(?:\/(?:deconv|even|odd|denoised))?$/, "volume"],
  [/^denoised$/, "volume"],
  [/^tiltstack\/[^/]+\/thumbnails(?:\/|$)/, out("a picture for display")],
  // Warp 1 called it so
  [/^(?:tiltstack|imod)\/[^/]+$/, "stack"],
  [/^matching\/[^/]+_picks(?:\/|$)/, out("a picture for display")],
  [/^matching$/, "matching"],
  [/^(?:subtomo|particleseries)(?:\/|$)/, out("an image of one particle")],
  [/^template(?:\/|$)/, out("a template of the matching")],
  [/^logs(?:\/|$)/, out("a log of Warp")],
];

/** @param rest path of the folder of the file below that of the results; empty for the folder itself */
export function kindOf(rest: string, { isTilts, isFrames }: { isTilts: boolean; isFrames: boolean }): Kind | undefined {
  if (rest === "") return "metadata";
  const small = rest.toLowerCase();
  const rows = [...(isTilts ? TILTS : []), ...(isFrames ? FRAMES : [])];
  return rows.find(([form]) => form.test(small))?.[1];
}
