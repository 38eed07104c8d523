/** What a file is by the part of its name that follows the name of the dataset, or the dataset and its axis. */
export type Kind =
  | "raw stack"
  | "tomogram"
  | "untrimmed"
  | "filtered tomogram"
  | "raw tilts"
  | "alignment"
  | "ctf"
  | "acquisition"
  | { readonly leftOut: string };

const out = (leftOut: string): Kind => ({ leftOut });

/**
 * Images, whatever their style of naming: `X_full.rec` and `X_full_rec.mrc` are both `full_rec`.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/tomoguide.html, and the naming styles of etomo's Setup panel (`.ali` or `_ali.mrc`).
 */
const IMAGES: Readonly<Record<string, Kind>> = {
  st: "raw stack",
  mrc: "raw stack",
  fixed_st: out("the raw stack without X-rays, as the eraser writes it"),
  fixed: out("the raw stack without X-rays, as the eraser writes it"),
  xray: out("X-rays that were erased"),
  bl: out("a blended montage"),
  preali: out("the coarsely aligned stack"),
  ali: out("the aligned stack"),
  "3dfind_ali": out("the aligned stack, for finding beads"),
  erase_ali: out("the aligned stack without beads"),
  ctfcorr_ali: out("the aligned stack, corrected for the CTF"),
  filt_ali: out("the aligned stack, filtered"),
  full_rec: "untrimmed",
  rec: "tomogram",
  "3dfind_rec": out("a reconstruction for finding beads"),
  mat: out("the volume of one axis, turned to that of the other for their combination"),
  sqz: out("the tomogram squeezed to fewer voxels"),
  flat_rec: out("the tomogram flattened: its coordinates are others"),
  nad: "filtered tomogram",
};
/** Of a dual-axis dataset the axis stands before or behind: `BBa_orig.st`, `BB_origa.st`. */
const BEFORE_XRAYS = /^orig[ab]?(?:_st)?$/;
/** Source: https://bio3d.colorado.edu/imod/doc/man/excludeviews.html */
const CUT_VIEWS = /^cutviews\d+(?:_st|_info)?$/;
const ITERATION = /^(?:full_)?(?:srec|vsr|sint)\d+$/;

/** Other files, by the whole rest of the name. */
const OTHERS: readonly (readonly [form: RegExp, kind: Kind])[] = [
  [/^\.rawtlt$/, "raw tilts"],
  [/^\.(?:tlt|xf|xtilt|tltx)$/, "alignment"],
  [/^\.defocus$/, "ctf"],
  [/^_simple\.defocus$/, out("a first estimate of the defocus")],
  [/^\.(?:(?:st|mrc)\.)?mdoc$/, "acquisition"],
  [/^_fid\.(?:xf|tlt)$/, out("a copy that the alignment leaves beside the file that counts")],
  [/^\.pre(?:xf|xg)$/, out("shifts of the coarse alignment")],
  [/^\.tltxf$/, out("a part of the final alignment")],
  [/^local\.xf$/, out("local alignments: the portal describes the global one")],
  [/^\.(?:fid|seed)$|^_(?:nogaps|pt|erase|beads|gold|seed)\w*\.(?:fid|seed)$/, out("fiducial beads")],
  // eraser.com has ccderaser write it, in the coordinates of the raw stack
  [/^_peak\.mod$/, out("X-rays that were erased from the raw stack")],
  [/^_?fid\.xyz$|^\.3dmod$|^_3dfind\.mod$/, out("fiducial beads in 3D")],
  [
    /^\.(?:resid|resmod|zfac|maggrad|mag|idf|ecd|xcxf|pl|wt|rejlist|maxcc|defopos|simple)$/,
    out("a working file of the alignment"),
  ],
  [/^_flat\.(?:xf|mod)$|^_patch\w*\.mod$|^\.(?:rotation|info|status)$/, out("a working file of etomo")],
  [/^\.(?:edf|adoc|ebt|ejf|com|log|csh|cmds)$|^_[\w.-]+\.(?:com|log|csh)$/, out("a project file of etomo")],
];

/** Undefined for a name that IMOD does not give. @param rest `_full_rec.mrc` */
export function kindOf(rest: string): Kind | undefined {
  const small = rest.toLowerCase();
  if (small.endsWith("~")) return { leftOut: "a backup that IMOD made of an older file" };
  const word = /^[._](?:(mrc)|(.+?)(?:\.(?:mrc|hdf))?)$/.exec(small);
  const image = (word?.[1] ?? word?.[2])?.replaceAll(".", "_");
  if (image !== undefined && Object.hasOwn(IMAGES, image)) return IMAGES[image];
  if (image !== undefined && BEFORE_XRAYS.test(image))
    return { leftOut: "the stack as it was recorded; the raw stack was made of it, without X-rays or without some views" };
  if (image !== undefined && CUT_VIEWS.test(image)) return { leftOut: "views that were cut out of the raw stack" };
  if (image !== undefined && ITERATION.test(image)) return { leftOut: "an iteration of SIRT, before trimming" };
  return OTHERS.find(([form]) => form.test(small))?.[1];
}

/** Files of a dataset's folder that carry no name of a dataset. Source: as above, and the man pages of combine's programs. */
const PLAIN: readonly (readonly [form: RegExp, reason: string])[] = [
  [/~$/, "a backup that IMOD made of an older file"],
  [/\.(?:com|log|csh|adoc|ebt|cmds)$/, "a project file of etomo"],
  [/^(?:bot|mid|top)[ab]?(?:\.rec|_rec\.(?:mrc|hdf))$/, "a sample volume for finding the position of the tomogram"],
  [/^(?:tomopitch|patch_(?:vector|region)\w*|bot|top|mid)[ab]?\.mod$/, "a working model of etomo"],
  [/^(?:clusterelong|sortbeads\w*|sortsurf\w*)\.mod$/, "beads that autofidseed looked at"],
  [
    /^(?:solve|refine|inverse|warp|rotation|solvezero)\w*\.xf$|^(?:patch|refine)\w*\.out$|\.(?:coord|matlist)$/,
    "a working file of the combination of two axes",
  ],
  [/^(?:matchcheck|volcombine|tomopiece|tempmat|bothfull)[\w.-]*$/, "a working file of the combination of two axes"],
];

export function plainKind(name: string): string | undefined {
  const small = name.toLowerCase();
  return PLAIN.find(([form]) => form.test(small))?.[1];
}

/**
 * Models that are steps of an alignment, whatever they are called after: `.fid` and `.seed` are beads in the images of the tilt series, and `.resmod` is where
 * they ended up. Source: https://bio3d.colorado.edu/imod/doc/tomoguide.html (beadtrack, tiltalign), https://bio3d.colorado.edu/imod/doc/man/patch2imod.html
 */
const STEPS: readonly (readonly [form: RegExp, reason: string])[] = [
  [/\.(?:fid|seed)$/, "fiducial beads in the images of the tilt series, which the alignment follows"],
  [/\.resmod$/, "residuals of the alignment"],
  [/\.erase$/, "what is erased from the images of the tilt series"],
  [/_3dfind\.mod$/, "gold beads that findbeads3d has found for the alignment"],
];

export function alignmentModel(name: string): string | undefined {
  const small = name.toLowerCase();
  return STEPS.find(([form]) => form.test(small))?.[1];
}

/** `sum.rec`: both axes combined, before trimming. */
export const isSum = (name: string): boolean => /^sum(?:\.rec|_rec\.(?:mrc|hdf)|\.mrc)$/i.test(name);

/** Folders in which only IMOD works: tests of filters, seeds of autofidseed, first versions of command files. */
export function workFolder(folder: string): string | undefined {
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  if (/^naddir\./i.test(name)) return "a trial of a filter";
  if (/^autofidseed[ab]?\.dir$/i.test(name)) return "beads that autofidseed looked at";
  return /^origcoms$/i.test(name) ? "a project file of etomo" : undefined;
}
