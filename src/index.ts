/**
 * The public library. What a command does, one of these functions does:
 *
 * | command | function |
 * |---|---|
 * | `harvest describe`, `peek`, `inspect` | `describe`, `peek`, `inspect`; `fileMetadata`, `readFileMetadata` for their documents |
 * | `harvest download` | `download`, `cropVolume` |
 * | `harvest compare` | `compareDocuments`, `comparisonAs` |
 * | `ingest run`, `ingest plan` | `ingest`, `planIngest` |
 * | `ingest new` | `newConfig`, `askAll`, `writeNew` |
 * | `ingest check`, `ingest upgrade` | `checkConfigs`, `upgradeConfigs` |
 * | `ingest validate` | `validate`, `validationDocument`, `validationText`, `validationPage` |
 * | `ingest convert` | `convertVolume` |
 * | `verify` | `verify` |
 * | `curate scan`, `match`, `missing`, `labels`, `hygiene` | `scanArchive`, `matchArchive`, `missingInPortal`, `labelArchive`, `hygieneOfArchive` |
 * | `curate modinfo` | `inspectModels`, `modelsAsAscii`, `slicerLines` |
 * | `curate collect`, `package`, `batches` | `collectBatch`, `packageBatch`; `listBatches`, `addBatch`, `setBatch` |
 * | `catalog upload`, `download`, `verify` | `upload`, `downloadDataset`, `verifyCatalog`, on `openCatalog` |
 * | `catalog query` | `queryCatalog` |
 * | `catalog import` | `importTree` |
 * | `catalog export copick` | `exportCopick` |
 * | `publish plan`, `script` | `planSample`, `renderScripts`; `readPlan`, `parseProfile` for their documents |
 * | `publish run`, `verify`, `neurons` | `publishRun`, `publishVerify`, `publishNeurons` |
 * | `blocks check` | `checkBlocks`, and `checkVolume` for a volume that is open |
 * | `blocks run`, `blocks plan` | `runGraph`, `planGraph` |
 * | none yet | `runBlocks` on `blockSource`, `workerProcesses`: the same work for each block of a grid |
 * | none yet | `operatorOf`, `OPERATORS`: functions of voxels that give the same bits whatever blocks they are computed in |
 * | none yet | `reductionOf`, `REDUCTIONS`: statistics, histograms, contrast limits and labels of a volume, merged of its blocks |
 * | none yet | `labelBlock`, `faceOf`, `matchFaces`, `mergeUnions`, `rankComponents`, `relabelBlock`: connected components, in that order |
 * | `blocks preflight` | `preflightVolume`, `preflightGraph` |
 * | `serve` | `servePortal` of `em-porium/server/portal`, on `openPortalApi` |
 *
 * The rest is what their callers need: locations and stores, the formats, errors, logs and progress. Everything else is reached by its
 * layer (`em-porium/formats/mrc/header`) and may change between minor versions.
 *
 * Importing it is cheap: as built, functions that are `async` load what they need when they are first called (`scripts/library-files.mjs`).
 */

export type { Batch } from "./arrays/blocks/batches.js";
export { blocksOfVolume } from "./arrays/blocks/block-array.js";
export type { Block, BlockSequence } from "./arrays/blocks/blocks.js";
export type { BlockData } from "./arrays/blocks/edges.js";
export type { RegisterOptions, Resampling } from "./arrays/blocks/register.js";
export { register } from "./arrays/blocks/register.js";
export type { BatchesRequest, BlockArrays, BlocksRequest } from "./arrays/blocks/sequence.js";
export type { BlockLevel, BlockVolume } from "./arrays/blocks/volume.js";
export type { ReadContext, ReadContextOptions } from "./arrays/loader/read-context.js";
export { readContext } from "./arrays/loader/read-context.js";
export type { LoadedLevel, LoadedVolume, OpenBlockVolumeOptions } from "./arrays/loader/volume.js";
export { openBlockVolume } from "./arrays/loader/volume.js";
export type { Block as VoxelBlock } from "./arrays/operators/block.js";
export type { Face } from "./arrays/operators/components/faces.js";
export { faceOf, matchFaces, neighboursBefore } from "./arrays/operators/components/faces.js";
export type { BlockComponents, LabelledBlock } from "./arrays/operators/components/label-block.js";
export { labelBlock } from "./arrays/operators/components/label-block.js";
export type { RankedComponents } from "./arrays/operators/components/merge.js";
export { mergeUnions, rankComponents, relabelBlock } from "./arrays/operators/components/merge.js";
export type { BoundOperator, InputFacts, Operator } from "./arrays/operators/operator.js";
export type { BoundReduction, Reduction } from "./arrays/operators/reductions/reduction.js";
export { REDUCTIONS, reductionOf } from "./arrays/operators/reductions/table.js";
export { OPERATORS, operatorOf } from "./arrays/operators/table.js";
export type { Database, DatabaseOptions } from "./catalog/database.js";
export { openDatabase } from "./catalog/database.js";
export type { PortalApi, PortalApiOptions } from "./catalog/graphql/answer.js";
export { openPortalApi } from "./catalog/graphql/open.js";
export type { ByteRange, RandomAccess, ReadOptions } from "./core/bytes.js";
export { inMemory } from "./core/bytes.js";
export type { Clock } from "./core/clock.js";
export { systemClock } from "./core/clock.js";
export type { ErrorCode, ErrorFacts, ErrorRecord, Place } from "./core/errors.js";
export { EmporiumError, ERRORS, formatError, isEmporiumError, toErrorRecord } from "./core/errors.js";
export type { Json, JsonObject } from "./core/json.js";
export { parseJson, printJson } from "./core/json.js";
export type { Log, LogLevel } from "./core/log.js";
export { makeLog, silentLog } from "./core/log.js";
export { Float } from "./core/number.js";
export type { BlockGraph, BlockSource, PlacedStage } from "./engine/blocks/block-source.js";
export { blockSource } from "./engine/blocks/block-source.js";
export type { BlockParams, BlockStage } from "./engine/blocks/block-stage.js";
export type { BlockNeed } from "./engine/blocks/relation.js";
export type { BlockRunReport, RunBlocksOptions } from "./engine/blocks/run-blocks.js";
export { runBlocks } from "./engine/blocks/run-blocks.js";
export type { OnEvent, RunEvent } from "./engine/events.js";
export type { BlockWork } from "./engine/executors/worker-process-side.js";
export type { WorkerProcessesOptions } from "./engine/executors/worker-processes.js";
export { workerProcesses } from "./engine/executors/worker-processes.js";
export type { ProgressState, ProgressView } from "./engine/progress.js";
export { advance, noProgress, viewProgress } from "./engine/progress.js";
export type { Mod } from "./formats/mod/read.js";
export { readMod } from "./formats/mod/read.js";
export type { NewMod } from "./formats/mod/write.js";
export { encodeMod } from "./formats/mod/write.js";
export type { MrcHeader } from "./formats/mrc/header.js";
export { readMrcHeader } from "./formats/mrc/header.js";
export { readMrcPlanes } from "./formats/mrc/read.js";
export type { ZarrArrayMeta } from "./formats/zarr/metadata.js";
export { parseZarray } from "./formats/zarr/metadata.js";
export type { OmeZarrImage } from "./formats/zarr/ome.js";
export { parseOmeZarr } from "./formats/zarr/ome.js";
export { readZarrBox } from "./formats/zarr/read.js";
export type {
  BlockCheckReport,
  BlockFinding,
  CheckBlocksOptions,
  CheckVolumeOptions,
  VolumeCheck,
} from "./stations/blocks/check/check.js";
export { checkBlocks, checkVolume } from "./stations/blocks/check/check.js";
export type { Expect } from "./stations/blocks/check/expect.js";
export { parseExpect } from "./stations/blocks/check/expect.js";
export type { GraphGiven } from "./stations/blocks/graph/document.js";
export type { GraphPlanReport } from "./stations/blocks/graph/plan.js";
export { planGraph } from "./stations/blocks/graph/plan.js";
export type { GraphOptions, GraphRunReport, GraphSource } from "./stations/blocks/graph/run.js";
export { runGraph } from "./stations/blocks/graph/run.js";
export type { PreflightOptions, PreflightReport } from "./stations/blocks/preflight/preflight.js";
export { preflightGraph, preflightVolume } from "./stations/blocks/preflight/preflight.js";
export type { CatalogDownloadOptions } from "./stations/catalog/download/download.js";
export { downloadDataset } from "./stations/catalog/download/download.js";
export type { CatalogDownloadReport } from "./stations/catalog/download/report.js";
export type { CopickOptions } from "./stations/catalog/export/copick.js";
export { exportCopick } from "./stations/catalog/export/copick.js";
export type { CopickReport } from "./stations/catalog/export/report.js";
export { openCatalog } from "./stations/catalog/open-catalog.js";
export type { ImportOptions } from "./stations/catalog/portal-import/importing.js";
export { importTree } from "./stations/catalog/portal-import/portal-import.js";
export type { QueryInput, QueryReport } from "./stations/catalog/query.js";
export type { CatalogPlace } from "./stations/catalog/query-catalog.js";
export { queryCatalog } from "./stations/catalog/query-catalog.js";
export type { CatalogRepository, DatasetSummary } from "./stations/catalog/rows/repository.js";
export type { UploadOptions } from "./stations/catalog/upload/upload.js";
export { upload } from "./stations/catalog/upload/upload.js";
export type { CatalogVerifyOptions, CatalogVerifyReport } from "./stations/catalog/verify/verify.js";
export { verifyCatalog } from "./stations/catalog/verify/verify.js";
export type { CollectOptions, CollectReport } from "./stations/curate/collect/collect.js";
export { collectBatch } from "./stations/curate/collect/collect.js";
export type { HygieneOptions, HygieneReport } from "./stations/curate/hygiene/hygiene.js";
export { hygieneOfArchive } from "./stations/curate/hygiene/hygiene.js";
export type { Scan, ScanOptions } from "./stations/curate/inventory/scan.js";
export { scanArchive } from "./stations/curate/inventory/scan.js";
export type { LabelsOptions, LabelsReport } from "./stations/curate/labels/labels.js";
export { labelArchive } from "./stations/curate/labels/labels.js";
export type { BatchesReport } from "./stations/curate/ledger/batches.js";
export { addBatch, listBatches, setBatch } from "./stations/curate/ledger/batches.js";
export type { MatchOptions, MatchReport } from "./stations/curate/match/match.js";
export { matchArchive } from "./stations/curate/match/match.js";
export type { MissingOptions, MissingReport } from "./stations/curate/missing/missing.js";
export { missingInPortal } from "./stations/curate/missing/missing.js";
export type { ModelsOptions } from "./stations/curate/models/read-models.js";
export { inspectModels, modelsAsAscii, slicerLines } from "./stations/curate/models/read-models.js";
export type { PackageOptions, PackageReport } from "./stations/curate/package/package.js";
export { packageBatch } from "./stations/curate/package/package.js";
export type { Comparison } from "./stations/harvest/compare/compare.js";
export type { CompareFormat } from "./stations/harvest/compare/print/comparison-as.js";
export { comparisonAs } from "./stations/harvest/compare/print/comparison-as.js";
export type { CompareRequest } from "./stations/harvest/compare/run.js";
export { compareDocuments } from "./stations/harvest/compare/run.js";
export type { CropOptions, CropResult } from "./stations/harvest/crop/crop.js";
export { cropVolume } from "./stations/harvest/crop/crop.js";
export { download } from "./stations/harvest/download/download.js";
export type { DownloadOptions } from "./stations/harvest/download/options.js";
export type { DownloadReport } from "./stations/harvest/download/report.js";
export type { DescribeOptions, DescribeReport } from "./stations/harvest/records/describe.js";
export { describe } from "./stations/harvest/records/describe.js";
export type { ReadFileRecord } from "./stations/harvest/records/file-metadata.js";
export { fileMetadata, readFileMetadata } from "./stations/harvest/records/file-metadata.js";
export { fillFromWeb } from "./stations/harvest/records/fill.js";
export type { InspectOptions, InspectReport } from "./stations/harvest/records/inspect.js";
export { inspect } from "./stations/harvest/records/inspect.js";
export type { PeekedRecord, PeekOptions, PeekReport } from "./stations/harvest/records/peek.js";
export { peek } from "./stations/harvest/records/peek.js";
export type { LocatedRecord, NormalisedRecord } from "./stations/harvest/records/record.js";
export { recordOf } from "./stations/harvest/records/record.js";
export type { CheckedConfig, CheckOptions } from "./stations/ingest/check/check.js";
export { checkConfig } from "./stations/ingest/check/check.js";
export type { CheckConfigsOptions, CheckReport } from "./stations/ingest/check/check-configs.js";
export { checkConfigs } from "./stations/ingest/check/check-configs.js";
export type { ReadConfigOptions } from "./stations/ingest/check/read-config.js";
export { readConfig } from "./stations/ingest/check/read-config.js";
export type { UpgradedFile, UpgradeReport } from "./stations/ingest/check/upgrade-configs.js";
export { upgradeConfigs } from "./stations/ingest/check/upgrade-configs.js";
export { configJsonSchema } from "./stations/ingest/config/grammar/json-schema.js";
export type { Upgraded } from "./stations/ingest/config/upgrade/upgrade.js";
export { upgradeConfig } from "./stations/ingest/config/upgrade/upgrade.js";
export type { ConvertOptions, ConvertReport } from "./stations/ingest/convert.js";
export { convertVolume } from "./stations/ingest/convert.js";
export type { IngestOptions } from "./stations/ingest/ingest.js";
export { ingest } from "./stations/ingest/ingest.js";
export type { IngestReport } from "./stations/ingest/ingest-report.js";
export type { Answers, Question } from "./stations/ingest/laboratory/answers.js";
export { askAll, QUESTIONS } from "./stations/ingest/laboratory/answers.js";
export type { NewConfig, NewConfigOptions } from "./stations/ingest/laboratory/new-config.js";
export { newConfig } from "./stations/ingest/laboratory/new-config.js";
export { writeNew } from "./stations/ingest/laboratory/write-new.js";
export { isPartial } from "./stations/ingest/partial.js";
export type { IngestPlan, PlanOptions } from "./stations/ingest/plan.js";
export { planIngest } from "./stations/ingest/plan.js";
export type { Selection, SelectionFlags } from "./stations/ingest/selection.js";
export { makeSelection } from "./stations/ingest/selection.js";
export type { Check, Severity, Suite } from "./stations/ingest/validate/check.js";
export type { Mark } from "./stations/ingest/validate/finding.js";
export type { ReportedPicture } from "./stations/ingest/validate/part.js";
export type { ValidationDocument } from "./stations/ingest/validate/report/document.js";
export { validationDocument } from "./stations/ingest/validate/report/document.js";
export { validationPage } from "./stations/ingest/validate/report/html.js";
export { validationText } from "./stations/ingest/validate/report/text.js";
export type { ValidateRequest } from "./stations/ingest/validate/run.js";
export { validate } from "./stations/ingest/validate/run.js";
export { CHECKS } from "./stations/ingest/validate/table.js";
export type { ReportedFinding, ReportedSkip } from "./stations/ingest/validate/tally.js";
export type { ValidateOptions } from "./stations/ingest/validate/validate.js";
export { validateSource, validateStandardized } from "./stations/ingest/validate/validate.js";
export type { Validation } from "./stations/ingest/validate/validation.js";
export { PROOF_NAME } from "./stations/ingest/verify/proof.js";
export type { VerifyReport } from "./stations/ingest/verify/report.js";
export type { VerifyOptions } from "./stations/ingest/verify/verify.js";
export { verify, verifyTree } from "./stations/ingest/verify/verify.js";
export type { NeuronsOptions, NeuronsReport } from "./stations/publish/neurons/neurons.js";
export { publishNeurons } from "./stations/publish/neurons/neurons.js";
export type { Plan } from "./stations/publish/plan/plan.js";
export type { PlanRequest } from "./stations/publish/plan/plan-sample.js";
export { planSample } from "./stations/publish/plan/plan-sample.js";
export { readPlan } from "./stations/publish/plan/read-plan.js";
export { parseProfile } from "./stations/publish/profile/read-profile.js";
export type { PublishRunOptions, RunReport } from "./stations/publish/run/run.js";
export { publishRun } from "./stations/publish/run/run.js";
export type { Script, ScriptForm } from "./stations/publish/script/render.js";
export { renderScripts } from "./stations/publish/script/render.js";
export type { PublishTreeOptions, TreeReport } from "./stations/publish/tree/publish-tree.js";
export { publishTree } from "./stations/publish/tree/publish-tree.js";
export type { TreeSelection } from "./stations/publish/tree/select.js";
export { verifyPublishedTree } from "./stations/publish/tree/verify-tree.js";
export { publishVerify } from "./stations/publish/verify/verify.js";
export { fileStore } from "./stores/file/store.js";
export type { Location, StoreOptions } from "./stores/location.js";
export { memoryStore } from "./stores/memory/store.js";
export type { Store } from "./stores/store.js";
export { openObject } from "./stores/store.js";
export { openLocation, openStore, parseLocation } from "./stores/url.js";
