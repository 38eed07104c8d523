/** Configurations of the miniature laboratory's deposits, as text: version 1.3.0, one dataset each. */

/**
 * @param {object} deposit
 * @param {number} deposit.depositionId
 * @param {number} deposit.datasetId
 * @param {string} deposit.title
 * @param {string} deposit.sourcePrefix
 * @param {string} [deposit.runDataMap] file below the prefix
 * @param {string} deposit.runs YAML of the finder of runs, on one line
 * @param {string} deposit.voxelSpacing YAML of the literal's only value
 * @param {string} deposit.tomograms YAML of the finder of tomograms, on one line
 * @param {string} deposit.reconstructionMethod YAML of the tomograms' `reconstruction_method`
 */
export function depositConfig(deposit) {
  const { depositionId, datasetId, title, sourcePrefix, runDataMap } = deposit;
  return `version: "1.3.0"
standardization_config:
  deposition_id: ${depositionId}
  source_prefix: ${sourcePrefix}
${runDataMap ? `  run_data_map_file: ${runDataMap}\n` : ""}depositions:
- metadata:
    deposition_identifier: ${depositionId}
    deposition_title: ${title}
    deposition_description: Generated volumes with a known value in every voxel.
    deposition_types: [dataset, tomogram]
    authors: &authors
    - name: Example Author
      ORCID: 0000-0000-0000-0000
      primary_author_status: true
      corresponding_author_status: true
    dates: &dates
      deposition_date: 2026-01-10
      release_date: 2026-02-01
      last_modified_date: 2026-02-01
  sources:
  - literal:
      value: [${depositionId}]
datasets:
- metadata:
    dataset_identifier: ${datasetId}
    dataset_title: ${title}
    dataset_description: Generated volumes with a known value in every voxel.
    sample_type: organism
    organism: {name: Bacillus subtilis, taxonomy_id: 1423}
    tissue: {name: spore, id: "BTO:0001293"}
    assay: {name: cryo-ET, id: "EFO:0900000"}
    development_stage: {name: unknown, id: unknown}
    disease: {name: normal, id: "PATO:0000461"}
    authors: *authors
    dates: *dates
  sources:
  - literal:
      value: ['${datasetId}']
runs:
- sources:
  - source_glob: ${deposit.runs}
voxel_spacings:
- sources:
  - literal:
      value: [${deposit.voxelSpacing}]
tomograms:
- metadata:
    voxel_spacing: ${deposit.voxelSpacing}
    fiducial_alignment_status: NON_FIDUCIAL
    ctf_corrected: false
    reconstruction_method: ${deposit.reconstructionMethod}
    reconstruction_software: IMOD
    processing: raw
    tomogram_version: 1.0
    offset: {x: 0, y: 0, z: 0}
    is_visualization_default: true
    authors: *authors
    dates: *dates
  sources:
  - source_glob: ${deposit.tomograms}
`;
}
