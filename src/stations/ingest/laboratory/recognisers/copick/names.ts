/** Whether a tomogram is one that a project of copick shows: `ExperimentRuns/RUN/VoxelSpacing10.000/TYPE.zarr`. */
export const isCopickTomogram = (path: string): boolean =>
  /(?:^|\/)ExperimentRuns\/[^/]+\/VoxelSpacing[\d.]+\/[^/]+\.zarr$/.test(path);
