import type { ProfileDocument } from "./profile.js";

/** The MouseLight project's own values, taken from its upload program (JaneliaSciComp/hortacloud-utilities). */
export const MOUSELIGHT: ProfileDocument = {
  bucket: "s3://janelia-mouselight-imagery",
  awsProfile: "FlyLightPDSAdmin",
  awsFlags: ["--only-show-errors"],
  bases: {
    images: ["/nrs/mouselight/SAMPLES", "/nearline/mouselight/data/RENDER_archive"],
    registration: "/groups/mousebrainmicro/mousebrainmicro/registration/Database",
    segmentation: "/groups/mousebrainmicro/mousebrainmicro/cluster/Reconstructions",
    finished: "/groups/mousebrainmicro/mousebrainmicro/shared_tracing/Finished_Neurons",
    complete: "/groups/mousebrainmicro/mousebrainmicro/tracing_complete",
    carveouts: ["/nrs/funke/mouselight", "/nrs/funke/mouselight-v2"],
  },
  imageFiles: ["default.0.tif", "default.1.tif", "tilebase.cache.yml", "transform.txt"],
  ktxMarker: "ktx/block_8_xy_.ktx",
  cluster: { kind: "lsf", slots: 4, project: "mouselight" },
  neurons: {
    timezone: "UTC",
    tagPattern: "^G-",
    locations: ["Finished_Neurons", "tracing_complete"],
    extraCopy: { tracing_complete: "images/{date}/neurons.json" },
  },
};
