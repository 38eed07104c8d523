// Made by scripts/query-types.mjs from the queries beside it.
// biome-ignore-all format: made
/** The text of a query, with the types of its answer and its variables. */
export type Query<Result, Variables> = string & { readonly answers?: Result; readonly takes?: Variables };
/** A filter or an order, as the catalogue takes them. */
export type Input = Readonly<Record<string, unknown>>;

export interface AnnotationsResult {
  readonly annotations: ReadonlyArray<{
    readonly id: number;
    readonly objectName: string;
    readonly objectId: string;
    readonly objectCount: number | null;
    readonly methodType: "manual" | "automated" | "hybrid" | "simulated";
    readonly annotationMethod: string;
    readonly annotationSoftware: string | null;
    readonly confidencePrecision: number | null;
    readonly confidenceRecall: number | null;
    readonly groundTruthStatus: boolean | null;
    readonly depositionId: number | null;
    readonly run: {
      readonly id: number;
      readonly name: string;
      readonly dataset: {
        readonly id: number;
      } | null;
    } | null;
    readonly annotationShapes: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly shapeType: "SegmentationMask" | "OrientedPoint" | "Point" | "InstanceSegmentation" | "InstanceSegmentationMask" | "GlobalCaption" | "AnnotationCaption" | "Mesh" | null;
        };
      }>;
    };
  }>;
}
export const annotationsQuery = "query annotations($where:AnnotationWhereClause$orderBy:[AnnotationOrderByClause!]$offset:Int!$limit:Int!){annotations(where:$where orderBy:$orderBy limitOffset:{limit:$limit offset:$offset}){id objectName objectId objectCount methodType annotationMethod annotationSoftware confidencePrecision confidenceRecall groundTruthStatus depositionId run{id name dataset{id}}annotationShapes(first:5 orderBy:[{id:asc}]){edges{node{shapeType}}}}}" as Query<AnnotationsResult, { where?: Input | null; orderBy?: ReadonlyArray<Input> | null; offset: number; limit: number }>;

export interface CountAnnotationsResult {
  readonly annotationsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
}
export const countAnnotationsQuery = "query countAnnotations($where:AnnotationWhereClause){annotationsAggregate(where:$where){aggregate{count}}}" as Query<CountAnnotationsResult, { where?: Input | null }>;

export interface CountDatasetsResult {
  readonly datasetsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
}
export const countDatasetsQuery = "query countDatasets($where:DatasetWhereClause){datasetsAggregate(where:$where){aggregate{count}}}" as Query<CountDatasetsResult, { where?: Input | null }>;

export interface CountDepositionsResult {
  readonly depositionsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
}
export const countDepositionsQuery = "query countDepositions($where:DepositionWhereClause){depositionsAggregate(where:$where){aggregate{count}}}" as Query<CountDepositionsResult, { where?: Input | null }>;

export interface CountRunsResult {
  readonly runsAggregate: {
    readonly aggregate: ReadonlyArray<{
      readonly count: number | null;
    }> | null;
  };
}
export const countRunsQuery = "query countRuns($where:RunWhereClause){runsAggregate(where:$where){aggregate{count}}}" as Query<CountRunsResult, { where?: Input | null }>;

export interface DatasetsResult {
  readonly datasets: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
    readonly organismName: string | null;
    readonly releaseDate: string;
    readonly fileSize: number | null;
    readonly keyPhotoUrl: string | null;
    readonly keyPhotoThumbnailUrl: string | null;
    readonly runsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
    readonly authors: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly name: string;
        };
      }>;
    };
  }>;
}
export const datasetsQuery = "query datasets($where:DatasetWhereClause$orderBy:[DatasetOrderByClause!]$offset:Int!$limit:Int!){datasets(where:$where orderBy:$orderBy limitOffset:{limit:$limit offset:$offset}){id title organismName releaseDate fileSize keyPhotoUrl keyPhotoThumbnailUrl runsAggregate{aggregate{count}}authors(first:3 orderBy:[{authorListOrder:asc}]){edges{node{name}}}}}" as Query<DatasetsResult, { where?: Input | null; orderBy?: ReadonlyArray<Input> | null; offset: number; limit: number }>;

export interface DepositionsResult {
  readonly depositions: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
    readonly depositionDate: string;
    readonly releaseDate: string;
    readonly keyPhotoUrl: string | null;
    readonly keyPhotoThumbnailUrl: string | null;
    readonly authors: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly name: string;
        };
      }>;
    };
    readonly depositionTypes: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly type: "annotation" | "dataset" | "tomogram" | null;
        };
      }>;
    };
    readonly datasetsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
    readonly tomogramsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
    readonly annotationsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
  }>;
}
export const depositionsQuery = "query depositions($where:DepositionWhereClause$orderBy:[DepositionOrderByClause!]$offset:Int!$limit:Int!){depositions(where:$where orderBy:$orderBy limitOffset:{limit:$limit offset:$offset}){id title depositionDate releaseDate keyPhotoUrl keyPhotoThumbnailUrl authors(first:3 orderBy:[{authorListOrder:asc}]){edges{node{name}}}depositionTypes(first:5 orderBy:[{id:asc}]){edges{node{type}}}datasetsAggregate{aggregate{count}}tomogramsAggregate{aggregate{count}}annotationsAggregate{aggregate{count}}}}" as Query<DepositionsResult, { where?: Input | null; orderBy?: ReadonlyArray<Input> | null; offset: number; limit: number }>;

export interface RunsResult {
  readonly runs: ReadonlyArray<{
    readonly id: number;
    readonly name: string;
    readonly dataset: {
      readonly id: number;
      readonly title: string;
    } | null;
    readonly tomograms: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly id: number;
          readonly keyPhotoUrl: string | null;
          readonly keyPhotoThumbnailUrl: string | null;
          readonly voxelSpacing: number;
          readonly sizeX: number;
          readonly sizeY: number;
          readonly sizeZ: number;
        };
      }>;
    };
    readonly tomogramsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
    readonly tiltseries: {
      readonly edges: ReadonlyArray<{
        readonly node: {
          readonly tiltSeriesQuality: number;
          readonly tiltMin: number;
          readonly tiltMax: number;
        };
      }>;
    };
    readonly annotationsAggregate: {
      readonly aggregate: ReadonlyArray<{
        readonly count: number | null;
      }> | null;
    } | null;
  }>;
}
export const runsQuery = "query runs($where:RunWhereClause$orderBy:[RunOrderByClause!]$offset:Int!$limit:Int!){runs(where:$where orderBy:$orderBy limitOffset:{limit:$limit offset:$offset}){id name dataset{id title}tomograms(first:1 where:{isVisualizationDefault:{_eq:true}}orderBy:[{id:asc}]){edges{node{id keyPhotoUrl keyPhotoThumbnailUrl voxelSpacing sizeX sizeY sizeZ}}}tomogramsAggregate{aggregate{count}}tiltseries(first:1 orderBy:[{id:asc}]){edges{node{tiltSeriesQuality tiltMin tiltMax}}}annotationsAggregate{aggregate{count}}}}" as Query<RunsResult, { where?: Input | null; orderBy?: ReadonlyArray<Input> | null; offset: number; limit: number }>;
